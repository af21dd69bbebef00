package process

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/endscope/endscope/internal/config"
)

// Config says which process is the instance's. Nothing set means: the one that listens on the port that traffic goes to.
type Config struct {
	PID     int    `yaml:"pid" help:"Process id of the model server; 0 leaves it to the other keys."`
	PIDFile string `yaml:"pid_file" help:"File that holds the process id of the model server."`
	Port    int    `yaml:"port" help:"Port that the model server listens on; its process is looked up. 0 leaves it to the other keys."`
	Cgroup  string `yaml:"cgroup" help:"Cgroup whose processes are all the instance's, such as /system.slice/model.service."`
	Command string `yaml:"command" help:"Regular expression that the command line (arguments joined by spaces) must match; alone, the oldest such process is the instance's, and with another key it narrows that one."`
}

// DefaultConfig returns a Config without any choice: the process is found by the port of the traffic.
func DefaultConfig() Config { return Config{} }

// Validate returns a *config.FieldError for each bad key.
func (c Config) Validate() error {
	var errs []error
	if c.PID < 0 {
		errs = append(errs, config.Invalid("pid", c.PID, "must be a process id, or 0"))
	}
	if c.Port < 0 || c.Port > 65535 {
		errs = append(errs, config.Invalid("port", c.Port, "must be between 1 and 65535, or 0"))
	}
	if c.Cgroup != "" && (!strings.HasPrefix(c.Cgroup, "/") || strings.Contains(c.Cgroup, "/..")) {
		errs = append(errs, config.Invalid("cgroup", fmt.Sprintf("%q", c.Cgroup), "must be a path that begins with / and has no .."))
	}
	if _, err := regexp.Compile(c.Command); err != nil {
		errs = append(errs, config.Invalid("command", fmt.Sprintf("%q", c.Command), "must be a regular expression (RE2)"))
	}
	if set := c.chosen(); len(set) > 1 {
		errs = append(errs, config.Invalid(set[1], strings.Join(set, " and "), "must not be set together with "+set[0]))
	}
	return errors.Join(errs...)
}

// chosen lists the keys that choose a process, apart from command, which may narrow each of them.
func (c Config) chosen() []string {
	var set []string
	for _, k := range []struct {
		key string
		set bool
	}{{"pid", c.PID != 0}, {"pid_file", c.PIDFile != ""}, {"port", c.Port != 0}, {"cgroup", c.Cgroup != ""}} {
		if k.set {
			set = append(set, k.key)
		}
	}
	return set
}
