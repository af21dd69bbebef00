package identity

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/endscope/endscope/internal/config"
)

// Whether a source is asked.
const (
	ModeAuto = "auto" // where it is there
	ModeOff  = "off"
)

// Config is what an operator may say about where names come from. The names themselves are keys of the agent.
type Config struct {
	Environment string `yaml:"environment" help:"Whether the variables ENDSCOPE_ENDPOINT, ENDSCOPE_DEPLOYMENT, ENDSCOPE_INSTANCE and ENDSCOPE_CONTAINER are read: auto or off."`
	Kubernetes  string `yaml:"kubernetes" help:"Whether labels of the agent's pod are read, where it runs in one: auto or off."`
	Docker      string `yaml:"docker" help:"Whether labels of the Docker container are read, where the engine's socket is there: auto or off."`

	PodinfoDir string `yaml:"podinfo_dir" help:"Folder of a downward API volume with the files labels and annotations."`

	DockerSocket    string `yaml:"docker_socket" help:"Unix socket of the Docker engine."`
	DockerContainer string `yaml:"docker_container" help:"Name or identifier of the Docker container that serves the model; the agent's own when empty."`

	Container string `yaml:"container" help:"Name of the container that serves the model, in a pod of several; found by itself when empty."`

	EndpointLabels   []string `yaml:"endpoint_labels" help:"Labels or annotations of pods and containers that state the endpoint outright."`
	DeploymentLabels []string `yaml:"deployment_labels" help:"Labels or annotations of pods and containers that state the deployment outright."`
	InstanceLabels   []string `yaml:"instance_labels" help:"Labels or annotations of pods and containers that state the instance outright."`
}

// DefaultConfig returns the values that are used where the operator says nothing.
func DefaultConfig() Config {
	return Config{
		Environment: ModeAuto, Kubernetes: ModeAuto, Docker: ModeAuto,
		PodinfoDir: "/etc/podinfo", DockerSocket: "/var/run/docker.sock",
		EndpointLabels:   []string{"endscope.io/endpoint", "endscope.endpoint"},
		DeploymentLabels: []string{"endscope.io/deployment", "endscope.deployment"},
		InstanceLabels:   []string{"endscope.io/instance", "endscope.instance"},
	}
}

// Validate returns a *config.FieldError for each bad key, joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, value, bound string) {
		errs = append(errs, config.Invalid(key, fmt.Sprintf("%q", value), bound))
	}
	for key, mode := range map[string]string{"environment": c.Environment, "kubernetes": c.Kubernetes, "docker": c.Docker} {
		if mode != ModeAuto && mode != ModeOff {
			bad(key, mode, "must be auto or off")
		}
	}
	if !filepath.IsAbs(c.PodinfoDir) {
		bad("podinfo_dir", c.PodinfoDir, "must be a path that begins with /")
	}
	if !filepath.IsAbs(c.DockerSocket) || len(c.DockerSocket) > 107 {
		bad("docker_socket", c.DockerSocket, "must be a path that begins with / and has at most 107 bytes, as sockets do")
	}
	for key, name := range map[string]string{"docker_container": c.DockerContainer, "container": c.Container} {
		if len(name) > 255 || strings.ContainsAny(name, "/?#%\\ \t\r\n") {
			bad(key, name, "must be the name of a container: at most 255 bytes, without spaces and slashes")
		}
	}
	for key, labels := range map[string][]string{"endpoint_labels": c.EndpointLabels, "deployment_labels": c.DeploymentLabels, "instance_labels": c.InstanceLabels} {
		for i, l := range labels {
			if l == "" || len(l) > 317 || strings.ContainsAny(l, "= \t\r\n\"") { // 253 of a prefix, the slash, 63 of a name
				bad(fmt.Sprintf("%s[%d]", key, i), l, "must be the key of a label: 1 to 317 bytes, without spaces, quotes and =")
			}
		}
	}
	return errors.Join(errs...)
}
