# Headquarters, with the driver for PostgreSQL. Nothing of the hardware is inside: it never imports devices/.
# Build from the root of the repository:  docker build -f config/docker/coordinator.Dockerfile .
FROM debian:bookworm-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates mosquitto \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --create-home --home-dir /var/lib/shopwire shopwire \
 && install -d -o shopwire -m 0755 /var/lib/shopwire/ca /codes

WORKDIR /opt/shopwire
COPY pyproject.toml README.md LICENSE NOTICE shopwire.py shopwire_help.py ./
COPY requirements/ requirements/
COPY script/ script/
RUN SHOPWIRE_SKIP_APT=1 script/bootstrap postgres
COPY domain/ domain/
COPY protocol/ protocol/
COPY link/ link/
COPY web/ web/
COPY coordinator/ coordinator/

USER shopwire
ENV PATH=/opt/shopwire/.venv/bin:$PATH PYTHONUNBUFFERED=1
# The chain's own authority lives here: back this volume up, and keep it as close as money.
VOLUME /var/lib/shopwire
EXPOSE 8443
ENTRYPOINT ["shopwire"]
CMD ["coordinator", "serve", "--config", "/etc/shopwire/coordinator.toml"]
