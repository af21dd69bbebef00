# The server. Build from the root of the repository: docker build -f deploy/container/server.Dockerfile -t endscope .
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
# DuckDB is linked in, so the C++ library must be there, too.
RUN CGO_ENABLED=1 go build -buildvcs=false -trimpath -ldflags "-s -w -X github.com/prometheus/common/version.Version=${VERSION}" -o /out/endscope ./cmd/endscope

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libstdc++6 && rm -rf /var/lib/apt/lists/* \
 && install -d -m 0700 -o 65532 -g 65532 /var/lib/endscope
COPY --from=build /out/endscope /usr/local/bin/endscope
USER 65532:65532
VOLUME /var/lib/endscope
EXPOSE 9190
ENTRYPOINT ["/usr/local/bin/endscope"]
# In a container every address can be reached by others, so the server does not start on it before it is told who may connect: give it
# --web.config-file with users, or --web.allow-unauthenticated where the network is closed.
CMD ["serve", "--data-dir", "/var/lib/endscope", "--listen", ":9190"]
