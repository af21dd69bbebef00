package receivers

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	amconfig "github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	commoncfg "github.com/prometheus/common/config"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// configType returns Alertmanager's type for the receivers of a type.
func configType(t *testing.T, kind alerts.ReceiverType) reflect.Type {
	t.Helper()
	receiver := reflect.TypeFor[amconfig.Receiver]()
	for i := range receiver.NumField() {
		f := receiver.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name == section(kind) {
			return f.Type.Elem().Elem()
		}
	}
	t.Fatalf("Alertmanager has no section %s", section(kind))
	return nil
}

// leaf is a field with its path as in YAML.
type leaf struct {
	path []string
	typ  reflect.Type
}

// leaves lists every field of a type down to those that hold no others. Maps have one element of the name "*".
func leaves(typ reflect.Type, path []string) (list []leaf) {
	child := func(name string) []string { return append(slices.Clone(path), name) }
	switch typ {
	case reflect.TypeFor[commoncfg.Secret](), reflect.TypeFor[amcommon.SecretURL](), reflect.TypeFor[amcommon.SecretTemplateURL](), reflect.TypeFor[amcommon.URL](), reflect.TypeFor[commoncfg.URL]():
		return []leaf{{path, typ}}
	}
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		return leaves(typ.Elem(), path)
	case reflect.Map:
		return leaves(typ.Elem(), child("*"))
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if !f.IsExported() || name == "-" {
				continue
			}
			if strings.Contains(options, "inline") {
				list = append(list, leaves(f.Type, path)...)
			} else {
				list = append(list, leaves(f.Type, child(name))...)
			}
		}
		return list
	}
	return []leaf{{path, typ}}
}

func TestNoSecretOfAlertmanagersTypesIsForgotten(t *testing.T) {
	found := 0
	for _, kind := range alerts.ReceiverTypes() {
		for _, l := range leaves(configType(t, kind), nil) {
			at := fmt.Sprintf("%s.%s", kind, strings.Join(l.path, "."))
			got := alerts.SecretField(kind, l.path...)
			switch l.typ {
			case reflect.TypeFor[commoncfg.Secret](), reflect.TypeFor[amcommon.SecretURL](), reflect.TypeFor[amcommon.SecretTemplateURL]():
				if isWebhook(kind) && l.path[0] == "url" {
					break // it is serviceUri there
				}
				found++
				require.Contains(t, []alerts.SecretKind{alerts.SecretValue, alerts.SecretURL}, got, at)
			case reflect.TypeFor[amcommon.URL](), reflect.TypeFor[commoncfg.URL]():
				require.NotEqual(t, alerts.NoSecret, got, at+" may hold a password")
			}
			if name := l.path[len(l.path)-1]; strings.HasSuffix(name, "_file") && got != alerts.NoSecret {
				t.Errorf("%s is the name of a file and hidden", at)
			}
		}
	}
	require.Greater(t, found, 100, "the walk must find them")
	for kind, fields := range map[alerts.ReceiverType][]string{
		alerts.ReceiverWebhook: {"serviceUri", "bearerToken", "httpHeaders.X-Any", "basicAuth.password"}, alerts.ReceiverLogicApp: {"callbackUrl"},
		alerts.ReceiverAzureFunction: {"httpTriggerUrl"}, alerts.ReceiverAutomationRunbook: {"serviceUri"},
	} {
		for _, f := range fields {
			require.NotEqual(t, alerts.NoSecret, alerts.SecretField(kind, strings.Split(f, ".")...), f)
		}
	}
}

func TestEverySecretHasAFile(t *testing.T) {
	for _, kind := range alerts.ReceiverTypes() {
		all := leaves(configType(t, kind), nil)
		for _, l := range all {
			if l.typ != reflect.TypeFor[commoncfg.Secret]() && l.typ != reflect.TypeFor[amcommon.SecretURL]() {
				continue
			}
			name := strings.Join(l.path, ".")
			if strings.Contains(name, "*") || kind == alerts.ReceiverSNS && name == "sigv4.secret_key" {
				continue // headers have files; AWS has profiles
			}
			require.True(t, slices.ContainsFunc(all, func(o leaf) bool { return strings.Join(o.path, ".") == name+"_file" }), "%s.%s", kind, name)
		}
	}
}

func TestStoredReceiversAreRedactedAndMerged(t *testing.T) {
	for _, name := range storedNames(t) {
		g := stored(t, name, "https://service.example")
		text, err := g.Redacted().MarshalJSON()
		require.NoError(t, err)
		noSecret(t, string(text), name)
		var back alerts.ActionGroup
		require.NoError(t, json.Unmarshal(text, &back))
		k := newKit(t)
		require.ErrorContains(t, k.Validate(&back), "must be given in full", name)
		merged, err := back.MergeSecrets(*g)
		require.NoError(t, err, name)
		require.Equal(t, *g, merged)
		require.NoError(t, k.Validate(&merged), name)
	}
}

func TestAScrubberFindsSecretsInEveryForm(t *testing.T) {
	r := alerts.Receiver{Type: alerts.ReceiverSlack, Config: []byte(`{"api_url":"https://hooks.slack.com/services/T0/B0/p%20ss?k=v4lue","http_config":{"basic_auth":{"password":"pa ss/word"},"proxy_url":"http://user:pr0xy-pass@proxy.example:3128"}}`)}
	s := newScrubber(r)
	f := func(text, want string) {
		t.Helper()
		require.Equal(t, want, s.text(text))
	}
	f(`Post "https://hooks.slack.com/services/T0/B0/p%20ss?k=v4lue": EOF`, `Post "<secret>": EOF`)
	f("path services/T0/B0/p ss not found", "path <secret> not found")
	f("bad value v4lue", "bad value <secret>")
	f("login with pa ss/word and pa+ss%2Fword and cGEgc3Mvd29yZA==", "login with <secret> and <secret> and <secret>")
	f("proxyconnect http://user:pr0xy-pass@proxy.example:3128", "proxyconnect <secret>")
	f("password pr0xy-pass", "password <secret>")
	f("see https://other.example/with/path?and=query or https://other.example", "see https://other.example/<secret> or https://other.example")
	f("dial tcp 127.0.0.1:1: connect: connection refused", "dial tcp 127.0.0.1:1: connect: connection refused")
	f("a\n\tb\x00", "a b\x00")
	require.Len(t, []rune(s.text(strings.Repeat("ä", 1000))), maxErrorText/2+1)
}
