package ingest

import (
	"testing"

	"github.com/prometheus/prometheus/model/relabel"
	"github.com/stretchr/testify/require"
)

func TestRelabellingRulesAreValidated(t *testing.T) {
	for _, c := range []struct {
		rule *relabel.Config
		text string
	}{
		{nil, "relabel_configs[1]: must be a rule (got nothing)"},
		{&relabel.Config{Action: relabel.Replace}, "relabel_configs[1]: relabel configuration for replace action requires 'target_label' value (got replace)"},
		{&relabel.Config{Action: relabel.HashMod, TargetLabel: "a"}, "relabel_configs[1]: relabel configuration for hashmod requires non-zero modulus"},
	} {
		good := relabel.DefaultRelabelConfig
		good.TargetLabel = "endpoint"
		cfg := DefaultConfig()
		cfg.RelabelConfigs = []*relabel.Config{&good, c.rule}
		require.ErrorContains(t, cfg.Validate(), c.text)
		cfg = DefaultConfig()
		cfg.Logs.Loki.RelabelConfigs = []*relabel.Config{&good, c.rule}
		require.ErrorContains(t, cfg.Validate(), "logs.loki."+c.text)
		_, err := New(cfg, Settings{})
		require.ErrorContains(t, err, "logs.loki."+c.text)
	}
}
