package identity

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

const dockerID = "4f66ad9a0b2e4f1e9d1c5d0f6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f7"

// inspected is an answer of a Docker engine, shortened.
func inspected(name string, labels string) string {
	return fmt.Sprintf(`{"Id":%q,"Created":"2026-01-02T03:04:05.678901234Z","Path":"python","Args":["-m","vllm"],
"State":{"Status":"running","Running":true,"Pid":4242,"ExitCode":0,"StartedAt":"2026-01-02T03:04:06Z"},
"Image":"sha256:0a1b2c3d","Name":%q,"RestartCount":0,"Config":{"Hostname":"4f66ad9a0b2e","Env":["A=b"],"Image":"vllm/vllm-openai:v0.12","Labels":%s},
"NetworkSettings":{"Networks":{"chat_default":{"IPAddress":"172.18.0.2"}}}}`, dockerID, name, labels)
}

// engine is a Docker engine on a unix socket that knows some containers.
func engine(t *testing.T, known map[string]string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "es") // the path of a socket is short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "d.sock")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/containers/"), "/json")
		switch body, found := known[id]; {
		case !ok || r.Method != http.MethodGet:
			w.WriteHeader(http.StatusBadRequest)
		case body == "500":
			w.WriteHeader(http.StatusInternalServerError)
		case !found:
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprintf(w, `{"message":"No such container: %s"}`, id)
		default:
			_, _ = w.Write([]byte(body))
		}
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return socket
}

// resolveIn resolves in a process whose cgroup and mounts are those texts.
func resolveIn(t *testing.T, cgroup, mountinfo, host, socket string, change func(*Config), flags Explicit) (Result, error) {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "proc/self"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(root, "proc/self/cgroup"), []byte(cgroup), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "proc/self/mountinfo"), []byte(mountinfo), 0o600))
	cfg := DefaultConfig()
	cfg.PodinfoDir, cfg.DockerSocket = t.TempDir(), socket
	if change != nil {
		change(&cfg)
	}
	return Resolve(t.Context(), cfg, Settings{
		Explicit: flags, Root: root, Getenv: func(string) string { return "" }, Hostname: func() (string, error) { return host, nil },
	})
}

// Mounts of a container of Docker with a cgroup namespace of its own. The layers of the image have identifiers, too.
const dockerMounts = `1091 917 0:171 / / rw,relatime master:438 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/AAAA,upperdir=/var/lib/docker/overlay2/00000000000000000000000000000000000000000000000000000000000000ff/diff
1100 1091 8:1 /var/lib/docker/overlay2/00000000000000000000000000000000000000000000000000000000000000ee/merged/data /data rw - ext4 /dev/sda1 rw
1101 1091 8:1 /var/lib/docker/containers/` + dockerID + `/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw
1102 1091 8:1 /var/lib/docker/containers/` + dockerID + `/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw
`

func TestTheOwnContainerIsFound(t *testing.T) {
	for name, c := range map[string]struct{ cgroup, mounts, host, want string }{
		"cgroup v1":               {cgroup: "12:memory:/docker/" + dockerID + "\n1:name=systemd:/docker/" + dockerID + "\n", want: dockerID},
		"cgroup v2 under systemd": {cgroup: "0::/system.slice/docker-" + dockerID + ".scope\n", want: dockerID},
		"podman":                  {cgroup: "0::/machine.slice/libpod-" + dockerID + ".scope\n", want: dockerID},
		"cgroup namespace":        {cgroup: "0::/\n", mounts: dockerMounts, host: "model", want: dockerID},
		"podman's mounts": {
			cgroup: "0::/\n", mounts: "5 4 0:9 /containers/overlay-containers/" + dockerID + "/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw\n", want: dockerID,
		},
		"host name":              {cgroup: "0::/\n", host: dockerID[:12], want: dockerID[:12]},
		"a host":                 {cgroup: "0::/user.slice/user-1000.slice/session-3.scope\n", mounts: "22 27 0:21 / /proc rw - proc proc rw\n", host: "vm", want: ""},
		"a host with Docker":     {cgroup: "0::/init.scope\n", mounts: "9 8 8:1 /var/lib/docker/overlay2/" + dockerID + "/merged /m rw - ext4 /dev/sda1 rw\n", host: "deadbeef", want: ""},
		"files that are garbage": {cgroup: "\x00\xff:::", mounts: "a b c\n", want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(root, "proc/self"), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(root, "proc/self/cgroup"), []byte(c.cgroup), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(root, "proc/self/mountinfo"), []byte(c.mounts), 0o600))
			require.Equal(t, c.want, ownContainer(Settings{Root: root, Hostname: func() (string, error) { return c.host, nil }}))
		})
	}
}

func TestLabelsOfTheDockerContainer(t *testing.T) {
	stated := inspected("/chat-model-1", `{"endscope.endpoint":"chat","endscope.deployment":"blue","endscope.instance":"chat-1","com.docker.compose.project":"p","com.docker.compose.service":"s"}`)
	compose := inspected("/chat-model-1", `{"com.docker.compose.project":"chat","com.docker.compose.service":"model","com.docker.compose.container-number":"1"}`)
	socket := engine(t, map[string]string{dockerID: stated, "model": compose, "null": inspected("/bare", "null"), "broken": `{"Id":`, "other": `{"message":"hello"}`, "ill": "500"})

	r, err := resolveIn(t, "0::/\n", dockerMounts, "vm", socket, nil, Explicit{})
	require.NoError(t, err)
	require.Equal(t, scopes.Path{Endpoint: "chat", Deployment: "blue", Instance: "chat-1"}, r.Path())
	require.Equal(t, "label endscope.endpoint of Docker container chat-model-1", r.Endpoint.Source)
	require.Equal(t, Value{"chat-model-1", "the Docker engine"}, r.Container)
	require.Equal(t, "vllm/vllm-openai:v0.12", r.Image)

	// The model's container, named by the operator, from an agent on the host; Compose's labels are guesses.
	named := func(name string) func(*Config) { return func(c *Config) { c.DockerContainer = name } }
	r, err = resolveIn(t, "", "", "vm", socket, named("model"), Explicit{})
	require.NoError(t, err)
	require.Equal(t, scopes.Path{Endpoint: "chat", Deployment: "model", Instance: "vm"}, r.Path())
	require.Equal(t, "label com.docker.compose.service of Docker container chat-model-1", r.Deployment.Source)
	r, err = resolveIn(t, "", "", "vm", socket, named("model"), Explicit{Endpoint: "other"})
	require.NoError(t, err)
	require.Equal(t, "other", r.Endpoint.Value)

	_, err = resolveIn(t, "0::/\n", dockerMounts, "vm", socket, nil, Explicit{Endpoint: "other"})
	require.ErrorContains(t, err, `endpoint: "other" (flag or file) and "chat" (label endscope.endpoint of Docker container chat-model-1) contradict`)

	flags := Explicit{"e", "d", "i"}
	r, err = resolveIn(t, "", "", "vm", socket, named("null"), flags)
	require.NoError(t, err)
	require.Equal(t, "bare", r.Container.Value)
	for name, want := range map[string]string{
		"absent": "identity.docker_container: " + socket + " knows no container absent", "broken": "is not what Docker says", "other": "has no Id and no Name", "ill": "answers 500 for container ill",
	} {
		_, err = resolveIn(t, "", "", "vm", socket, named(name), flags)
		require.ErrorContains(t, err, want)
	}
	_, err = resolveIn(t, "", "", "vm", filepath.Join(t.TempDir(), "none"), named("model"), flags)
	require.ErrorContains(t, err, "does not answer")

	// The agent's own container is a guess: what cannot be read is a note, and a socket that is not there is not even that.
	r, err = resolveIn(t, "0::/\n", "", dockerID[:12], socket, nil, flags)
	require.NoError(t, err)
	require.Equal(t, []string{"docker: " + socket + " knows no container " + dockerID[:12]}, r.Notes)
	r, err = resolveIn(t, "0::/\n", dockerMounts, "vm", filepath.Join(t.TempDir(), "none"), nil, flags)
	require.NoError(t, err)
	require.Empty(t, r.Notes)
}

func TestDockersAnswerIsBounded(t *testing.T) {
	socket := engine(t, map[string]string{"big": `{"Id":"1","Name":"` + strings.Repeat("x", maxDocker) + `"}`})
	_, err := askDocker(t.Context(), socket, "big")
	require.ErrorContains(t, err, "is larger than 4194304 bytes")
}

func FuzzDocker(f *testing.F) {
	f.Add([]byte(inspected("/chat", `{"endscope.endpoint":"chat"}`)))
	f.Add([]byte(`{"Id":"1","Name":"/","Config":null}`))
	f.Add([]byte(`{"Id":"1","Name":"/a","Config":{"Labels":{"a":1}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parseContainer(body)
		require.True(t, err != nil || c.ID != "" && c.Name != "", "a container without a name")
	})
}
