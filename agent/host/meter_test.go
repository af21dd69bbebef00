package host

import (
	"testing"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/stretchr/testify/require"
)

func TestAMeterReadsBetweenTheRounds(t *testing.T) {
	m := newMachine(t, DefaultConfig(), nil)
	meter, err := NewMeter(DefaultConfig(), Settings{Root: m.root})
	require.NoError(t, err)
	meter.c.src = m.src
	m.cpus = []cpu.TimesStat{{User: 10, Idle: 80}}
	m.good()
	use, err := meter.Read(t.Context())
	require.NoError(t, err)
	require.Nil(t, use.CPU, "a share needs two readings")
	require.Equal(t, 0.25, *use.Memory)
	m.cpus[0] = cpu.TimesStat{User: 11, Idle: 81}
	use, err = meter.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, 0.5, *use.CPU)
	m.cpus[0] = cpu.TimesStat{User: 12, Idle: 84}
	require.Equal(t, 2.0/6, m.good()["cpu_utilization_ratio"], "the collector's share is that since its own last round")
	meter.Forget()
	use, err = meter.Read(t.Context())
	require.NoError(t, err)
	require.Nil(t, use.CPU)
}
