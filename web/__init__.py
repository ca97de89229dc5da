"""What the pages of the house share in the browser (``page/``), and how a program of ours gives its pages out (``serving``).

Three programs have a page: headquarters, a store's second screen and the bench. Each keeps its own files in a ``page/`` folder beside the
code that serves it, and takes what is common from here under ``/web/``. Plain modules and style sheets: nothing is built, nothing comes
from another host, and the wheel carries all of it.
"""
