package receivers

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/endscope/endscope/alerts"
)

// FuzzValidate puts any JSON where the fields of a receiver belong. Alertmanager's readers were made for files that operators trust.
func FuzzValidate(f *testing.F) {
	for _, name := range storedNamesF(f) {
		text, err := os.ReadFile("testdata/receivers/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(strings.ReplaceAll(string(text), "$URL", "https://service.example"))
	}
	f.Add(`{"name":"a","slackReceivers":[{"name":"x","update_message":true}]}`)
	b, err := New(DefaultConfig(), Settings{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, err := alerts.ParseActionGroup([]byte(text))
		if err != nil {
			return
		}
		err = b.Validate(&g)
		for _, e := range alerts.FieldErrors(err) {
			if e.Field == "" {
				t.Errorf("%v names no field", e)
			}
		}
		for _, r := range g.Receivers {
			for _, secret := range r.Secrets() {
				// Words of our own messages are no secrets that were told.
				if len(secret) >= 12 && strings.Contains(fmt.Sprint(err), secret) && !strings.Contains(string(noSecrets(t, g)), secret) {
					t.Errorf("%v tells %q", err, secret)
				}
			}
		}
	})
}

func storedNamesF(f *testing.F) (names []string) {
	entries, err := os.ReadDir("testdata/receivers")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// noSecrets writes a group as people may see it.
func noSecrets(t *testing.T, g alerts.ActionGroup) []byte {
	t.Helper()
	text, err := json.Marshal(g.Redacted())
	if err != nil {
		t.Fatal(err)
	}
	return text
}
