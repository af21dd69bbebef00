package redact

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func builtIn(t require.TestingT, patterns ...string) *Redactor {
	r, err := New(true, patterns)
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
		got, n := r.Line(in)
		require.Equal(t, want, got)
		require.Equal(t, strings.Count(want, Mark), n, in)
	}
}

func TestPatternsOfOperators(t *testing.T) {
	r := builtIn(t, `customer-(\d+)`, `\bssn\b.*$`)
	got, n := r.Line("customer-12345 has ssn 000-11")
	require.Equal(t, "customer-[REDACTED] has [REDACTED]", got)
	require.Equal(t, 2, n)
	none, err := New(false, nil)
	require.NoError(t, err)
	got, n = none.Line("password=hunter22")
	require.Equal(t, "password=hunter22", got)
	require.Zero(t, n)
}

// Text has the rules line by line, and may be called from several goroutines.
func TestTextsOfSeveralLines(t *testing.T) {
	r := builtIn(t, `customer-\d+$`)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				assert.Equal(t, "exec --api-key [REDACTED]\n[REDACTED]\nfor [REDACTED]\n", r.Text("exec --api-key abcdefgh\n-----BEGIN PRIVATE KEY-----\nMIIE\n\n-----END PRIVATE KEY-----\nfor customer-12\n"))
			}
		})
	}
	all.Wait()
	require.Empty(t, r.Text(""))
	require.Equal(t, "a\n\nb\r\n", r.Text("a\n\nb\r\n"))
	var none *Redactor
	require.Equal(t, "password=hunter22", none.Text("password=hunter22"))
}

// Each line is of a form that programs print secrets in. The part between ‹ and › is the secret.
func TestFormsOfSecrets(t *testing.T) {
	r := builtIn(t)
	for _, line := range []string{
		// The header with any scheme, to the end of its value.
		"Authorization: ‹Key 0123456789abcdef›",
		"Authorization: ‹Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+gMDAuBgkq›",
		"Authorization: ‹SharedAccessSignature sr=x&sig=abc%3D&se=1&skn=n›",
		"Authorization: ‹AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/2024/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=fe5f80f77d5fa3beca03›",
		`Authorization: ‹Digest username="Mufasa", realm="r", response="6629fae49393a05397450978507c4ef1"›`,
		"authorization: ‹0123456789abcdef 0123›",
		`Proxy-Authorization: Basic ‹dXNlcjpwYXNz›`,
		`curl -H "Authorization: ‹Key 0123 4567›" http://host/x`,
		`curl -H 'Authorization: Bearer ‹short›' http://host/x`,
		`{"headers": {"Authorization": "‹Key 0123, 4567›", "host": "x"}}`,
		`{"log": "{\"authorization\": \"‹Key 0123 4567›\", \"host\": \"x\"}"}`,
		`[(b'host', b'x'), (b'authorization', b'‹Key 0123 4567›'), (b'accept', b'*/*')]`,
		`b'GET / HTTP/1.1\r\nAuthorization: ‹Key 0123 4567›\r\nHost: x\r\n'`,
		"map[Accept:[*/*] Authorization:[Bearer ‹abcdef›] Host:[x]]",
		"HTTP_AUTHORIZATION=‹Key 0123 4567›",
		// Cookies.
		"Cookie: ‹session=abc123; theme=dark›",
		"Set-Cookie: ‹session=abc123; HttpOnly›",
		`{'cookie': '‹session=abc123; a=b›', 'host': 'x'}`,
		// Names.
		"TOKEN=‹s3cr3tvalue›",
		"export TOKEN=‹s3cr3tvalue›",
		"--token ‹s3cr3tvalue› --port 8000",
		"--token=‹s3cr3tvalue› --port 8000",
		"['serve', '--token', '‹s3cr3tvalue›', '--port', '8000']",
		"token: '‹s3cr3tvalue›'",
		"X-Vault-Token: ‹hvs.CAESIJ1234›",
		"githubToken: ‹s3cr3tvalue›",
		"OPENAI_KEY=‹0123456789abcdef›",
		"ANTHROPIC_KEY: ‹0123456789abcdef›",
		"MY_SERVICE_KEY=‹0123456789abcdef0123›",
		"DB_PASS=‹hunter22›",
		"MYSQL_PWD=‹hunter22›",
		"Server=db;Uid=sa;Pwd=‹hunter22›;Timeout=3",
		"x-functions-key: ‹0123456789›",
		"api-key: ‹12345678›",
		"Ocp-Apim-Subscription-Key: ‹0123456789›",
		"clientSecret: ‹abcdefgh›",
		"apiKey=‹abcdefgh›",
		"PGPASSWORD=‹hunter22› psql",
		"spring.datasource.password=‹hunter22›",
		`password: '‹correct horse battery staple›' # old`,
		`{"password": "‹a\"b c›", "user": "x"}`,
		`{"log":"{\"password\": \"‹correct horse›\", \"user\": \"x\"}"}`,
		`'api_keys': ['‹s3cr3t-one›', '‹s3cr3t-two›'], 'port': 8000`,
		"Namespace(api_key=['‹s3cr3t-one›'], host=None)",
		"Config(api_key=SecretStr('‹s3cr3t-one›'), port=1)",
		"password => '‹hunter22›'",
		"[(b'x-api-key', b'‹s3cr3t-one›')]",
		// Keys that are known by their beginning.
		"stripe ‹sk_live_0123456789abcdefABCDEF01›",
		"npm ‹npm_0123456789abcdefABCDEF0123456789abcd› x",
		"docker ‹dckr_pat_0123456789abcdefABCDEF01234›",
		// URLs.
		"https://‹ghp-s3cr3t-value›@github.com/a/b.git",
		"https://‹0123456789abcdef0123›:x-oauth-basic@github.com/a/b",
		"postgres://u:‹p@ss›@host/db",
		"postgres://u:‹pass/w#rd›@host/db",
		"redis://:‹hunter22›@host:6379/0",
		`{"url":"https://x/blob?sv=1\u0026sig=‹abcdef%3D12›\u0026se=2"}`,
	} {
		in := strings.NewReplacer("‹", "", "›", "").Replace(line)
		want, n := "", 0
		for rest := line; ; n++ {
			before, after, ok := strings.Cut(rest, "‹")
			if want += before; !ok {
				break
			}
			want += Mark
			_, rest, _ = strings.Cut(after, "›")
		}
		want = strings.ReplaceAll(want, "x-oauth-basic", Mark)
		got, _ := r.Line(in)
		require.Equal(t, want, got, in)
		again, m := r.Line(got)
		require.Equal(t, got, again)
		require.Zero(t, m)
		for i := range in { // cut off anywhere, also right after what begins a value
			for _, part := range []string{in[:i], in[i:], in[:i] + "(", in[:i] + `\`, in[:i] + `"`} {
				require.NotPanics(t, func() { r.Line(part) }, part)
			}
		}
	}
}

// What model servers print about tokens and keys that are no secrets stays readable.
func TestWhatIsNoSecretStays(t *testing.T) {
	r := builtIn(t)
	for _, line := range []string{
		"secret: disabled", "password: required", "Authorization: required for this endpoint", "api_key=None", "api_key: None,",
		"hf_token_file=/run/secrets/hf", "--api-key-file /run/secrets/key", "password_file: /run/secrets/password",
		"tokens: 512", "max_tokens=16", "prompt_tokens: 5", "token_usage: 0.3", "completion_tokens=7", "num_valid_tokens=123456",
		"tokenizer: meta-llama/Llama-3.1-8B", "tokenizer_mode='auto-detected'", "--tokenizer meta-llama/Llama-3.1-8B", "--max-tokens 1234567",
		"key: value", "{'key': 'some-longer-value'}", "key=abcdefghijkl", "cache_key=0123456789abcdef", "CACHE_KEY=0123456789abcdef0123", "public_key: 0123456789abcdef",
		"eos_token: '<|endoftext|>'", "bos_token='begin_of_text'", "pad_token: [PAD-PAD]", "Logprob(decoded_token='Hello123', rank=1)", "stop_token=abcdefgh",
		"time_to_first_token=0.345678", "time_per_output_token: 12.3456ms", "next_token: 123456", "token: 1234567",
		"forward_pass: 1234.5ms", "PWD=/srv/model/server", "OLDPWD=/var/lib/model", "bypass: abcdefgh1",
		"cookie: disabled", "use_cookie=True", "INFO keys: loaded 123456 entries",
		"ssh://git@github.com/a/b.git", "https://git@github.com/a/b", "abfss://container@account.dfs.core.windows.net/x", "http://host:8000/users/@me/x@y",
		"http://a:80,http://b:81 mail a@b.c", "see http://[::1]:8000/x@y", "sk-short", "task-abcdefghijklmnopqrstuvwxyz", "npm_config_registry=https://registry/x",
	} {
		got, n := r.Line(line)
		require.Equal(t, line, got)
		require.Zero(t, n, line)
	}
}

// What was redacted stays as it is a second time, and text grows at most by what the marks add.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{"Authorization: Bearer aaaaaaaaaaaaaaaaaaaaaaaa", "api_key=[REDACTED]x hf_aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "-----BEGIN PRIVATE KEY-----", "a://b:c@d?sig=12345678&key=aaaaaaaaa", "[REDACTED][REDACTED] secret: [REDACTED", "password='AKIAIOSFODNN7EXAMPLE'",
		"authorization: [REDACTED] Key abc", "token: a://b:c@d", `{"password": "a\"b"}`, "'api_keys': ['s3cr3t-one', 's3cr3t-two']", "Cookie: a=b", "https://abcdefgh1234@h --token abcdefgh",
		"AIzaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaahf_aaaaaaaaaaaaaaaaaaaaaaaa", "(b'x-api-key', b'abcdefgh')"} {
		f.Add(s)
	}
	r := builtIn(f)
	f.Fuzz(func(t *testing.T, text string) {
		once, n := r.Line(text)
		require.LessOrEqual(t, len(once), len(text)+n*len(Mark))
		twice, again := r.Line(once)
		require.Equal(t, once, twice)
		require.Zero(t, again)
	})
}
