package console

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func builtIn(t require.TestingT, patterns ...string) *redactor {
	c := DefaultConfig()
	c.Redact = patterns
	r, err := newRedactor(c)
	require.NoError(t, err)
	return r
}

func TestSecretsAreRedacted(t *testing.T) {
	r := builtIn(t)
	x := strings.Repeat("aB3", 15)
	for in, want := range map[string]string{
		"Authorization: Bearer " + x:                                              "Authorization: Bearer [REDACTED]",
		`{"authorization": "Basic dXNlcjpwYXNz"}`:                                 `{"authorization": "Basic [REDACTED]"}`,
		"using bearer " + x + ".":                                                 "using bearer [REDACTED]",
		"GET /v1?api_key=" + x + "&n=1":                                           "GET /v1?api_key=[REDACTED]&n=1",
		"GET /blob?sv=2024&sig=abc%2Fdef%3D1234 ":                                 "GET /blob?sv=2024&sig=[REDACTED] ",
		"x-api-key: 12345678":                                                     "x-api-key: [REDACTED]",
		"args: {'api_key': ['s3cr3t-value'], 'port': 8000}":                       "args: {'api_key': ['[REDACTED]'], 'port': 8000}",
		"--api-key s3cr3t-value --port 8000":                                      "--api-key [REDACTED] --port 8000",
		"server --hf-token 'abcdefgh' --x":                                        "server --hf-token '[REDACTED]' --x",
		"AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYKEY":                 "AWS_SECRET_ACCESS_KEY=[REDACTED]",
		"key AKIAIOSFODNN7EXAMPLE used":                                           "key [REDACTED] used",
		"HF_TOKEN=hf_" + x:                                                        "HF_TOKEN=[REDACTED]",
		"login with hf_" + x + " ok":                                              "login with [REDACTED] ok",
		"openai sk-proj-" + x:                                                     "openai [REDACTED]",
		"ngc nvapi-" + x:                                                          "ngc [REDACTED]",
		"git ghp_" + x:                                                            "git [REDACTED]",
		"redis://user:pa55@host:6379/0":                                           "redis://user:[REDACTED]@host:6379/0",
		"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig_nature":                 "jwt [REDACTED]",
		"AccountKey=abcdefghijklmnop==;EndpointSuffix=x":                          "AccountKey=[REDACTED];EndpointSuffix=x",
		`key "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n" ok`: `key "[REDACTED]\n" ok`,
		// What only looks alike stays.
		"max_tokens=4096 num_tokens: 12345678":     "max_tokens=4096 num_tokens: 12345678",
		"Basic configuration loaded":               "Basic configuration loaded",
		"password required for user alice":         "password required for user alice",
		"Secret management is disabled":            "Secret management is disabled",
		"bearer authentication is on":              "bearer authentication is on",
		"http://127.0.0.1:8000/v1 @ 10:00":         "http://127.0.0.1:8000/v1 @ 10:00",
		"INFO engine key_cache=12345678 tokenizer": "INFO engine key_cache=12345678 tokenizer",
		"Prefill tokens per second: 12345678":      "Prefill tokens per second: 12345678",
	} {
		got, n := r.apply(in)
		require.Equal(t, want, got)
		require.Equal(t, strings.Count(want, redacted), n, in)
	}
}

func TestPatternsOfOperators(t *testing.T) {
	r := builtIn(t, `customer-(\d+)`, `\bssn\b.*$`)
	got, n := r.apply("customer-12345 has ssn 000-11")
	require.Equal(t, "customer-[REDACTED] has [REDACTED]", got)
	require.Equal(t, 2, n)
	c := DefaultConfig()
	c.RedactSecrets = false
	none, err := newRedactor(c)
	require.NoError(t, err)
	got, n = none.apply("password=hunter22")
	require.Equal(t, "password=hunter22", got)
	require.Zero(t, n)
}

func TestAPrivateKeyOverSeveralLinesIsRedacted(t *testing.T) {
	s := printed(t, nil, "loading\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIEpAIBAAKCAQEA7\nabc+/=\n-----END RSA PRIVATE KEY-----\nloaded\n")
	require.Equal(t, []string{"loading", "[REDACTED]", "loaded"}, s.messages())
	s = printed(t, nil, "-----BEGIN PRIVATE KEY-----\nMIIE\nINFO the key was cut off\nmore\n")
	require.Equal(t, []string{"[REDACTED]", "INFO the key was cut off", "more"}, s.messages())
	s = printed(t, func(c *Config) { c.RedactSecrets = false }, "-----BEGIN PRIVATE KEY-----\nMIIE\n")
	require.Equal(t, []string{"-----BEGIN PRIVATE KEY-----", "MIIE"}, s.messages())
}

// What was redacted stays as it is a second time, and text grows at most by what the marks add.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{"Authorization: Bearer aaaaaaaaaaaaaaaaaaaaaaaa", "api_key=[REDACTED]x hf_aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "-----BEGIN PRIVATE KEY-----", "a://b:c@d?sig=12345678&key=aaaaaaaaa", "[REDACTED][REDACTED] secret: [REDACTED", "password='AKIAIOSFODNN7EXAMPLE'"} {
		f.Add(s)
	}
	r := builtIn(f)
	f.Fuzz(func(t *testing.T, text string) {
		once, n := r.apply(text)
		require.LessOrEqual(t, len(once), len(text)+n*len(redacted))
		twice, again := r.apply(once)
		require.Equal(t, once, twice)
		require.Zero(t, again)
	})
}
