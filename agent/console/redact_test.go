package console

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Redact has the rules of the pipeline.
func TestOtherPartsRedactTexts(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Redact = []string{`customer-\d+$`}
	p, err := NewPipeline(cfg, Settings{})
	require.NoError(t, err)
	require.Equal(t, "exec --api-key [REDACTED]\nfor [REDACTED]\n", p.Redact("exec --api-key abcdefgh\nfor customer-12\n"))
	cfg = DefaultConfig()
	cfg.RedactSecrets = false
	p, err = NewPipeline(cfg, Settings{})
	require.NoError(t, err)
	require.Equal(t, "password=hunter22", p.Redact("password=hunter22"))
}

func TestAPrivateKeyOverSeveralLinesIsRedacted(t *testing.T) {
	s := printed(t, nil, "loading\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEpAIBAAKCAQEA7\nabc+/=\n-----END RSA PRIVATE KEY-----\nloaded\n")
	require.Equal(t, []string{"loading", "[REDACTED]", "loaded"}, s.messages())
	s = printed(t, nil, "-----BEGIN PRIVATE KEY-----\nMIIE\nINFO the key was cut off\nmore\n")
	require.Equal(t, []string{"[REDACTED]", "INFO the key was cut off", "more"}, s.messages())
	s = printed(t, func(c *Config) { c.RedactSecrets = false }, "-----BEGIN PRIVATE KEY-----\nMIIE\n")
	require.Equal(t, []string{"-----BEGIN PRIVATE KEY-----", "MIIE"}, s.messages())
}
