package alerts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

func TestQuantitiesAreReadable(t *testing.T) {
	f := func(want string, v float64, unit scopes.Unit) {
		t.Helper()
		require.Equal(t, want, alerts.ValueText(v, unit, 4))
	}
	f("12345", 12345.4, scopes.UnitCount)
	f("0.01235", 0.0123456, scopes.UnitRatio)
	f("99.99%", 99.987, scopes.UnitPercent)
	f("1.5 GiB", 1.5*(1<<30), scopes.UnitBytes)
	f("2 KiB/s", 2048, scopes.UnitBytesPerSecond)
	f("-3 MiB", -3*(1<<20), scopes.UnitBytes)
	f("512 B", 512, scopes.UnitBytes)
	f("950 ms", 950, scopes.UnitMilliseconds)
	f("71.5 °C", 71.5, scopes.UnitCelsius)
	require.Equal(t, "500.04 ms", alerts.ValueText(500.04, scopes.UnitMilliseconds, 6))
	f("0 /s", 0, scopes.UnitCountPerSecond)
	for _, u := range scopes.Units() {
		require.NotEmpty(t, alerts.ValueText(1, u, 4))
	}
}
