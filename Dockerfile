# syntax=docker/dockerfile:1.7
# One image for every role: `gangway api`, `gangway worker`, `gangway db migrate`.
#   docker build --build-arg GIT_SHA="$(git rev-parse HEAD)" -t gangway .
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS dependencies
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/runtime.lock /tmp/runtime.lock
# Wheels only: nothing is compiled, and nothing that the lock does not name by hash is run.
RUN python -m venv /venv && /venv/bin/pip install --require-hashes --only-binary :all: -r /tmp/runtime.lock

FROM python:${PYTHON_VERSION}-slim
ARG GIT_SHA=dev
LABEL org.opencontainers.image.revision=${GIT_SHA}
# PYTHONPATH rather than an installed package: building one would need a tool that the lock does not pin.
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    GIT_SHA=${GIT_SHA} HOST=0.0.0.0
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin gangway
COPY --from=dependencies /venv /venv
WORKDIR /app
COPY onboarding onboarding
COPY runtime runtime
COPY db db
COPY activities activities
COPY workflows workflows
COPY worker worker
COPY api api
COPY cli cli
RUN python -m compileall -q /app
USER 10001:10001
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "cli"]
CMD ["api"]
