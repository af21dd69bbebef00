# The agent. Build from the root of the repository: docker build -f deploy/container/agent.Dockerfile -t endscope-agent .
#
# NVML comes with the NVIDIA container runtime, which looks at two variables:
#   NVIDIA_DRIVER_CAPABILITIES=utility  the library that the agent reads GPUs with; set here.
#   NVIDIA_VISIBLE_DEVICES              which GPUs. It is not set here, since an agent beside one of several servers would report the GPUs of all.
#                                       Set it to what the server has, or to all on a machine that it has for itself.
# Also for MIG devices of the whole machine: NVIDIA_MIG_MONITOR_DEVICES=all, as root with CAP_SYS_ADMIN.

# An older Debian, so that the program also runs in the images of model servers that it is copied into (exec.yaml): it needs their libc.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=1 go build -buildvcs=false -trimpath -ldflags "-s -w -X github.com/prometheus/common/version.Version=${VERSION}" -o /out/endscope-agent ./cmd/endscope-agent

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
 && mkdir -m 1777 /var/lib/endscope-agent
COPY --from=build /out/endscope-agent /usr/local/bin/endscope-agent
ENV NVIDIA_DRIVER_CAPABILITIES=utility
USER 65532:65532
VOLUME /var/lib/endscope-agent
EXPOSE 8080 9191
# The agent reaps no strangers' children, and the model server is not its child here: no init is needed.
ENTRYPOINT ["/usr/local/bin/endscope-agent"]
CMD ["run", "--data-dir", "/var/lib/endscope-agent", "--metrics.listen", ":9191"]
