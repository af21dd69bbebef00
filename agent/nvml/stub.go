//go:build !linux || !cgo

package nvml

import (
	"log/slog"

	"github.com/endscope/endscope/agent/gpu"
)

// Built says whether this program can talk to a driver.
const Built = false

// New returns a source that has no driver: Open returns gpu.ErrNotBuilt.
func New(*slog.Logger) gpu.Source { return stub{} }

type stub struct{}

func (stub) Open() error                             { return gpu.ErrNotBuilt }
func (stub) Driver() (gpu.Driver, error)             { return gpu.Driver{}, gpu.ErrNotBuilt }
func (stub) Devices() ([]gpu.Device, error)          { return nil, gpu.ErrNotBuilt }
func (stub) Events([]gpu.Device) (gpu.Events, error) { return nil, gpu.ErrNotBuilt }
func (stub) Close() error                            { return nil }
