package alerts_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestDurationsAreReadAndWritten(t *testing.T) {
	f := func(in string, want time.Duration, written string) {
		t.Helper()
		got, err := alerts.ParseDuration(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got, in)
		assert.Equal(t, written, alerts.FormatDuration(got))
	}
	f("PT5M", 5*time.Minute, "PT5M")
	f("PT15S", 15*time.Second, "PT15S")
	f("P1D", 24*time.Hour, "P1D")
	f("PT24H", 24*time.Hour, "P1D")
	f("PT1H30M", 90*time.Minute, "PT1H30M")
	f("P1DT12H", 36*time.Hour, "P1DT12H")
	f("PT90M", 90*time.Minute, "PT1H30M")
	f("P2W", 14*24*time.Hour, "P14D")
	f("PT0.5S", 500*time.Millisecond, "PT0.5S")
	f("PT1.000000001S", time.Second+1, "PT1.000000001S")
	f("PT1.5H", 90*time.Minute, "PT1H30M")
	f("P0D", 0, "PT0S")
	f("P36500D", alerts.MaxDuration, "P36500D")
	assert.Equal(t, "-PT1M", alerts.FormatDuration(-time.Minute))
}

func TestWhatIsNoDuration(t *testing.T) {
	for _, s := range []string{
		"", "P", "PT", "P1", "PT5", "5M", "PT5m", "pt5M", "P1Y", "P1M", "-PT5M", "PT-5M", "PT5M3H", "PT5M5M", "P1DT", "PT1H ", "PT.5S", "PT5.S",
		"PT1.5H30M", "PT0.0000000001S", "P1.5DT1H", "PTT5M", "T5M", "P1H", "PT1D", "P36501D", "P36500DT1S", "PT9223372036854775807S", "PT99999999999999999999H",
		"PT1e3S", "PT١M", "P1D1W", "PT1.2.3S",
	} {
		d, err := alerts.ParseDuration(s)
		assert.Error(t, err, "%q gave %s", s, d)
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"PT5M", "P1DT1H30M", "P2W", "PT0.25S", "P1.5D", "PT24H", "P"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := alerts.ParseDuration(s)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, d, time.Duration(0))
		require.LessOrEqual(t, d, alerts.MaxDuration)
		again, err := alerts.ParseDuration(alerts.FormatDuration(d))
		require.NoError(t, err)
		require.Equal(t, d, again)
	})
}
