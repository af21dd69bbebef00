package conf

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/config"
)

type withSecret struct {
	Mail struct {
		User     string        `yaml:"user" help:"The user."`
		Password config.Secret `yaml:"password" help:"The password."`
		Other    config.Secret `yaml:"other" help:"Another one."`
	} `yaml:"mail" help:"Mail."`
}

func (withSecret) Validate() error { return nil }

func TestSecretsAreReadAndNotShown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	require.NoError(t, os.WriteFile(file, []byte("mail: {user: ann, password: hunter2}"), 0o600))
	l, err := New(func() withSecret { return withSecret{} })
	require.NoError(t, err)
	cfg, err := l.LoadFile(file)
	require.NoError(t, err)
	require.Equal(t, "hunter2", string(cfg.Mail.Password))

	text, err := l.YAML(cfg)
	require.NoError(t, err)
	require.NotContains(t, text, "hunter2")
	require.Contains(t, text, "password: '<secret>'")
	require.Contains(t, text, "other: ''")
	require.Equal(t, map[string]string{"mail.user": "ann", "mail.password": config.SecretMask, "mail.other": ""}, l.Flags(cfg))
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, cfg.Mail.Password), "hunter2")
	require.Equal(t, "hunter2", string(cfg.Mail.Password), "showing changes nothing")
	other := cfg
	other.Mail.Password = "hunter3"
	require.Equal(t, []string{"mail.password"}, l.Changed(cfg, other), "a change is seen all the same")
}
