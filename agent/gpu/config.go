package gpu

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/endscope/endscope/internal/config"
)

// Config is what an operator may choose about GPU readings.
type Config struct {
	DeviceTimeout time.Duration `yaml:"device_timeout" help:"How long one GPU may take in one round before it is left out of that round and its series go stale."`
	RetryInterval time.Duration `yaml:"retry_interval" help:"Longest wait between two attempts to find a GPU or to initialise the driver's library again."`
	Events        bool          `yaml:"events" help:"Record XID and other health events of the driver."`
}

// DefaultConfig returns the values that are used where the operator says nothing.
func DefaultConfig() Config {
	return Config{DeviceTimeout: 5 * time.Second, RetryInterval: 5 * time.Minute, Events: true}
}

// Validate returns a *config.FieldError for each key that is out of bounds.
func (c Config) Validate() error {
	var errs []error
	if c.DeviceTimeout < 100*time.Millisecond || c.DeviceTimeout > time.Minute {
		errs = append(errs, config.Invalid("device_timeout", c.DeviceTimeout, "must be between 100ms and 1m"))
	}
	if c.RetryInterval < 10*time.Second || c.RetryInterval > 24*time.Hour {
		errs = append(errs, config.Invalid("retry_interval", c.RetryInterval, "must be between 10s and 24h"))
	}
	return errors.Join(errs...)
}

// Settings is what code passes to New. Logger and Source are required.
type Settings struct {
	Logger *slog.Logger
	Source Source // owned by the collector from then on

	// Pids returns the processes of the instance, in the agent's own PID namespace. It returns nil while they cannot be told, and an
	// empty slice when none runs: then what the instance held before is 0. It is called once in a round and must be quick. Without it
	// there is no instance_gpu_ series.
	Pids func() []int
	// PidMethod says how Pids finds them, for the label method: MethodPIDTree, which is the default, or MethodCgroup.
	PidMethod string
	// Environ returns the environment of the instance as "name=value", for a caller that knows it. Nil: it is read from Proc.
	Environ func() []string
	// Proc is the folder /proc of the agent's PID namespace; nil: os.DirFS("/proc").
	Proc fs.FS

	// OnEvent is told of health events of GPUs: of the first of each sort at once (with KernelLog, a third of a second later), and then at most once in ten seconds of each sort,
	// with the count of those in between. One goroutine calls it, so it may take a moment, but while it does not return nothing more is
	// told and events add up. It is called during Close for the last time.
	OnEvent func(HealthEvent)
	// KernelLog opens the kernel's log for OnEvent, such as OpenKernelLog. Each Read returns one record of /dev/kmsg, and Close ends a
	// Read. Nil: it is not read.
	KernelLog func() (io.ReadCloser, error)
	// Dir is the agent's folder for what the kernel's log has told: a small file there keeps a restarted agent from telling XIDs of
	// the running boot again. It is made when there is something to keep. Empty: every start tells them.
	Dir string
}

// New returns a collector that reads source. It makes no driver call: the first round does.
func New(cfg Config, settings Settings) (*Collector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("gpu: %w", err)
	}
	if settings.Source == nil || settings.Logger == nil {
		return nil, errors.New("gpu: a source and a logger are required")
	}
	switch settings.PidMethod {
	case "":
		settings.PidMethod = MethodPIDTree
	case MethodPIDTree, MethodCgroup:
	default:
		return nil, fmt.Errorf("gpu: %q is no method to find processes", settings.PidMethod)
	}
	if settings.Proc == nil {
		settings.Proc = os.DirFS("/proc")
	}
	table, err := loadHealth()
	if err != nil {
		return nil, fmt.Errorf("gpu: %w", err)
	}
	return newCollector(cfg, settings, table), nil
}
