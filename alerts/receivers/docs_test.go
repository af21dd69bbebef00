package receivers

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func TestTheExamplesOfThePageAreGroups(t *testing.T) {
	text, err := os.ReadFile("../../docs/alerts/action-groups.md")
	require.NoError(t, err)
	page := string(text)
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(page, -1)
	require.GreaterOrEqual(t, len(blocks), 3)
	k := newKit(t, func(c *Config, _ *Settings) {
		c.SMTP.Smarthost, c.SMTP.From = "mail.example.com:587", "endscope@example.com"
		c.SecretDirs = []string{"/etc/endscope/secrets"}
	})
	for _, b := range blocks {
		g, err := alerts.ParseActionGroup([]byte(b[1]))
		require.NoError(t, err, b[1])
		require.NoError(t, k.Validate(&g), b[1])
	}
	for _, kind := range alerts.ReceiverTypes() {
		require.Contains(t, page, "`"+kind.Array(), kind)
		require.Contains(t, page, section(kind), kind)
	}
	for _, name := range []string{"sms", "voice", "azureAppPush", "armRole", "eventHub", "itsm"} {
		require.Contains(t, page, "`"+name+"Receivers`")
	}
	source, err := os.ReadFile("metrics.go")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`"(alerts_[a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
		require.Contains(t, page, "`"+m[1], m[1])
	}
	source, err = os.ReadFile("config.go")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile("yaml:\"([a-z_]+)\"").FindAllStringSubmatch(string(source), -1) {
		require.True(t, strings.Contains(page, m[1]), m[1])
	}
}
