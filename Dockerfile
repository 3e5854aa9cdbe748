# One image for all roles: `serve` by default; any other command of `digest` works the same way.
FROM python:3.13-slim AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/digest && python -m venv /opt/build
COPY requirements.lock ./
RUN /opt/digest/bin/pip install --require-hashes -r requirements.lock
# The tool that builds the wheel is held to a lock, too: its own lines of the tests' one.
COPY tests/requirements.lock tests/requirements.lock
RUN awk '/^[a-z0-9]/ { ours = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } ours' \
      tests/requirements.lock > build.lock \
 && /opt/build/bin/pip install --require-hashes -r build.lock
COPY pyproject.toml README.md LICENSE ./
COPY templates templates
COPY config config
COPY digest digest
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
 && /opt/digest/bin/pip install --no-deps /dist/*.whl

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Digest" \
      org.opencontainers.image.description="Announcements in; feeds out at once, and a sealed email digest on schedule." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 digest \
 && useradd --uid 10001 --gid digest --no-create-home --home-dir /var/lib/digest --shell /usr/sbin/nologin digest \
 && install -d -o digest -g digest /var/lib/digest \
 && install -d /srv/digest && ln -s /var/lib/digest /srv/digest/var
COPY --from=builder /opt/digest /opt/digest
COPY config /srv/digest/config
ENV PATH=/opt/digest/bin:$PATH \
    PYTHONUNBUFFERED=1
# What the service keeps stands under var/, and so in the volume, whatever the configuration says.
WORKDIR /srv/digest
USER 10001:10001
VOLUME ["/var/lib/digest"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health/live', timeout=4)"]
ENTRYPOINT ["digest"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
