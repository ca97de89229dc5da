# One store. The same bootstrap as at the desk: hash-locked wheels, nothing compiled, no compiler inside.
# Build from the root of the repository:  docker build -f config/docker/edge.Dockerfile --build-arg SET=demo .
FROM debian:bookworm-slim

# base: no camera; demo: with barcode vision
ARG SET=base

RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates mosquitto libzbar0 fonts-wqy-microhei \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --create-home --home-dir /var/lib/shopwire shopwire \
 && install -d -o shopwire -m 0755 /codes /paper

WORKDIR /opt/shopwire
COPY pyproject.toml README.md LICENSE NOTICE shopwire.py shopwire_help.py ./
COPY requirements/ requirements/
COPY script/ script/
RUN SHOPWIRE_SKIP_APT=1 script/bootstrap "$SET"
COPY domain/ domain/
COPY protocol/ protocol/
COPY link/ link/
COPY web/ web/
COPY devices/ devices/
COPY edge_agent/ edge_agent/
COPY coordinator/ coordinator/
COPY firmware_sim/ firmware_sim/

USER shopwire
ENV PATH=/opt/shopwire/.venv/bin:$PATH PYTHONUNBUFFERED=1
# The journal, the key and the certificate: keep this volume, it is the store.
VOLUME /var/lib/shopwire
ENTRYPOINT ["shopwire"]
CMD ["edge", "run", "--config", "/etc/shopwire/edge.toml"]
