package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/identity"
	agent "github.com/endscope/endscope/cmd/endscope-agent/app"
	server "github.com/endscope/endscope/cmd/endscope/commands"
	"github.com/endscope/endscope/scopes"
)

// requireAccepted checks that the agent takes a command line, without running it: a flag is added that cannot be, and must be all that is wrong.
func requireAccepted(t *testing.T, args []string) {
	t.Helper()
	bad := "--interval=1ms"
	if i := slices.Index(args, "--"); i >= 0 {
		args = slices.Insert(slices.Clone(args), i, bad)
	} else {
		args = append(slices.Clone(args), bad)
	}
	if !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "--server") || strings.HasPrefix(a, "--config.file") }) {
		args = slices.Insert(args, 1, "--server=http://127.0.0.1:1")
	}
	var out, errs bytes.Buffer
	require.NotZero(t, agent.Main(args, &out, &errs))
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	require.Len(t, lines, 1, "%v: %s", args, errs.String())
	require.Contains(t, lines[0], "--interval: must be at least 100ms", "%v", args)
}

// unit is a systemd unit: the values of each key, in order.
func unit(t *testing.T, name string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("systemd", name))
	require.NoError(t, err)
	out := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			out[key] = append(out[key], value)
		}
	}
	return out
}

func TestUnitsStartWhatIsThere(t *testing.T) {
	u := unit(t, "endscope-agent.service")
	command := strings.Fields(u["ExecStart"][0])
	require.Equal(t, "/usr/local/bin/endscope-agent", command[0])
	i := slices.Index(command, "--config.file")
	require.Equal(t, "/etc/endscope/agent.yaml", command[i+1])
	command[i+1] = "systemd/agent.yaml"
	requireAccepted(t, command[1:])
	require.Contains(t, command, "/var/lib/"+u["StateDirectory"][0], "the folder that systemd makes")
	require.Equal(t, u["AmbientCapabilities"], u["CapabilityBoundingSet"])

	u = unit(t, "endscope.service")
	command = strings.Fields(u["ExecStart"][0])
	require.Equal(t, []string{"/usr/local/bin/endscope", "serve", "--config.file", "/etc/endscope/endscope.yaml", "--data-dir", "/var/lib/" + u["StateDirectory"][0]}, command)
	var out bytes.Buffer
	require.Zero(t, server.Main([]string{"check", "config", "systemd/endscope.yaml"}, &out, &out), out.String())
}

// TestSystemdKnowsEveryLineOfTheUnits asks systemd itself, where it is installed, and else checks that each line is a key with a value.
func TestSystemdKnowsEveryLineOfTheUnits(t *testing.T) {
	files, err := filepath.Glob("systemd/*.service")
	require.NoError(t, err)
	require.Len(t, files, 2)
	analyze, err := exec.LookPath("systemd-analyze")
	for _, f := range files {
		text, readErr := os.ReadFile(f)
		require.NoError(t, readErr)
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			require.Regexp(t, `^(#.*|\[[A-Z][a-z]+\]|[A-Z][A-Za-z]+=.*|)$`, line, "%s:%d", f, i+1)
		}
		if err != nil {
			continue // no systemd on this machine
		}
		// The programs are not installed here.
		text = regexp.MustCompile(`/usr/local/bin/endscope\S*`).ReplaceAll(text, []byte("/bin/true"))
		copied := filepath.Join(t.TempDir(), filepath.Base(f))
		require.NoError(t, os.WriteFile(copied, text, 0o600))
		out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", copied).CombinedOutput()
		var about []string // systemd also complains of other units of the machine
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, filepath.Base(f)) {
				about = append(about, line)
			}
		}
		require.Empty(t, about, "%v", err)
	}
}

// dockerfile lists the instructions of a container file, with continued lines joined.
func dockerfile(t *testing.T, name string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("container", name))
	require.NoError(t, err)
	out := map[string][]string{}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest, ok := strings.Cut(line, " ")
		require.True(t, ok, line)
		out[word] = append(out[word], rest)
	}
	return out
}

func TestContainerFiles(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	goVersion := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod)[1]
	for name, program := range map[string]string{"agent.Dockerfile": "endscope-agent", "server.Dockerfile": "endscope"} {
		d := dockerfile(t, name)
		require.Equal(t, []string{fmt.Sprintf("golang:%s-bookworm AS build", goVersion), "debian:bookworm-slim"}, d["FROM"], "the same Debian, so that libc fits, and the Go of go.mod")
		require.Equal(t, []string{"65532:65532"}, d["USER"], "not root")
		require.Contains(t, d["RUN"][1], "./cmd/"+program)
		require.DirExists(t, "../cmd/"+program)
		require.Equal(t, []string{fmt.Sprintf(`["/usr/local/bin/%s"]`, program)}, d["ENTRYPOINT"])
		var command []string
		require.NoError(t, json.Unmarshal([]byte(d["CMD"][0]), &command))
		require.Contains(t, command, d["VOLUME"][0])
		if program == "endscope-agent" {
			requireAccepted(t, command)
			continue
		}
		var out bytes.Buffer
		require.NotZero(t, server.Main(append(command, "--storage.retention=1m"), &out, &out))
		require.Contains(t, out.String(), "storage.retention: must be at least")
		require.NotContains(t, out.String(), "unknown")
	}
}

func TestCompose(t *testing.T) {
	text, err := os.ReadFile("container/compose.yaml")
	require.NoError(t, err)
	var compose struct {
		Services map[string]struct {
			Command       []string
			ContainerName string `yaml:"container_name"`
			Labels        map[string]string
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &compose))
	a, model := compose.Services["agent"], compose.Services["model"]
	requireAccepted(t, a.Command)

	// The model's container, as the engine says it.
	dir, err := os.MkdirTemp("", "es") // the path of a socket is short
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(dir)) }()
	l, err := net.Listen("unix", filepath.Join(dir, "docker.sock"))
	require.NoError(t, err)
	engine := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/containers/"+model.ContainerName+"/json" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"Id": "1", "Name": "/" + model.ContainerName, "Config": map[string]any{"Labels": model.Labels}})
	})}
	done := make(chan struct{})
	go func() { defer close(done); _ = engine.Serve(l) }()
	defer func() { _ = engine.Close(); <-done }()
	cfg := identity.DefaultConfig()
	cfg.PodinfoDir, cfg.DockerSocket = dir, l.Addr().String()
	for _, arg := range a.Command {
		if name, ok := strings.CutPrefix(arg, "--identity.docker-container="); ok {
			cfg.DockerContainer = name
		}
	}
	got, err := identity.Resolve(t.Context(), cfg, identity.Settings{Root: dir, Getenv: func(string) string { return "" }, Hostname: func() (string, error) { return "box", nil }})
	require.NoError(t, err)
	require.Equal(t, scopes.Path{Endpoint: "chat", Deployment: "blue", Instance: "box"}, got.Path())
	require.Equal(t, "label endscope.endpoint of Docker container chat-blue", got.Endpoint.Source)
}
