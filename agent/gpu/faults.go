package gpu

import (
	"errors"
	"fmt"
)

// noteFaults counts what failed. It returns an error when nothing of the round can be used.
func (c *Collector) noteFaults(d *device, result deviceRound) error {
	var errs []error
	for _, f := range result.faults {
		if CodeOf(f.err) == NoPermission {
			c.deny(d, f)
			continue
		}
		c.failed[failedKey{f.reading, CodeOf(f.err)}]++
		errs = append(errs, fmt.Errorf("%s: %s: %w", d, f.reading, f.err))
	}
	if result.down != nil {
		code := CodeOf(result.down)
		c.lose(d.info.UUID, code)
		c.conn.needReopen(result.down)
		return result.down
	}
	if result.good == 0 && len(errs) > 0 {
		err := errors.Join(errs...)
		c.conn.needReopen(err)
		return err
	}
	return nil
}

// lose counts that a device left, once until it is back.
func (c *Collector) lose(uuid string, code Code) {
	m := c.known[uuid]
	if m.down == code {
		return
	}
	m.down = code
	switch code {
	case GPUIsLost, GPUNotFound:
		c.events.count(uuid, healthLost, severityCritical, 1)
	case ResetRequired:
		c.events.count(uuid, healthReset, severityCritical, 1)
	}
}

// deny counts and says once that a device does not let us read something.
func (c *Collector) deny(d *device, f fault) {
	key := deniedKey{d.info.UUID, f.reading}
	if c.deniedOf[key] {
		return
	}
	c.deniedOf[key] = true
	c.denied[f.reading]++
	hint := "run the agent as a user that may use the GPU's device files"
	switch {
	case f.reading == atLayout || f.gpuInstance >= 0:
		hint = "MIG devices need root, or NVIDIA_MIG_MONITOR_DEVICES=all in a container"
	case f.reading == Activity:
		hint = "needs CAP_SYS_ADMIN, or the module option NVreg_RestrictProfilingToAdminUsers=0"
	}
	c.log.Warn("a GPU reading is denied and left out", "gpu", d.String(), "reading", f.reading.String(), "hint", hint)
}

// noteEdges counts the health events that show as the rise of a reading.
func (c *Collector) noteEdges(uuid string, m *memory, s *Snapshot) {
	rise := func(previous *Value, now Value, firstToo bool, kind, severity string) {
		if !now.OK {
			return
		}
		n := 0.0
		if (previous.OK || firstToo) && now.V > previous.V {
			n = 1
		}
		*previous = now
		c.events.count(uuid, kind, severity, n)
	}
	rise(&m.previous.pending, s.RowsPending, m.lastRead.IsZero(), healthRemap, severityWarning)
	rise(&m.previous.failure, s.RowsFailure, m.lastRead.IsZero(), healthRemap, severityCritical)
	rise(&m.previous.hardwareThermal, s.Throttle[ThrottleHardwareThermal], false, healthThermal, severityWarning)
	rise(&m.previous.recoveries, s.NVLinkRecoveries, false, healthNVLink, severityWarning)
}
