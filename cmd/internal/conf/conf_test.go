package conf

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/prometheus/model/relabel"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/config"
)

type mode string

func (m *mode) UnmarshalText(text []byte) error {
	if s := string(text); s == "commit" || s == "off" {
		*m = mode(s)
		return nil
	}
	return errors.New("must be one of commit, off")
}

type storageConfig struct {
	Retention        time.Duration `yaml:"retention" help:"How long samples are kept."`
	MaxSize          config.Bytes  `yaml:"max_size" help:"Largest size on disk."`
	OutOfOrderWindow time.Duration `yaml:"out_of_order_window" help:"How late a sample may be."`
	Sync             mode          `yaml:"sync" help:"When bytes reach the disk."`
	Compress         bool          `yaml:"compress" help:"Compress the log."`
	Ratio            float64       `yaml:"ratio" help:"A share."`
	Workers          int           `yaml:"workers" help:"How many."`
}

type rule struct {
	Name  string            `yaml:"name" help:"The name."`
	Every time.Duration     `yaml:"every" help:"How often."`
	Set   map[string]string `yaml:"set" help:"Labels."`
}

type identity struct {
	Endpoint string `yaml:"endpoint" help:"The endpoint."`
	Port     uint16 `yaml:"port" help:"A port."`
}

type testConfig struct {
	DataDir  string            `yaml:"data_dir" help:"Where data lies."`
	identity                   // not exported: not a key
	Identity identity          `yaml:",inline"`
	Storage  storageConfig     `yaml:"storage" help:"What is stored."`
	Hosts    []string          `yaml:"hosts" help:"Names to serve."`
	Rules    []rule            `yaml:"rules" help:"Rules."`
	Relabel  []*relabel.Config `yaml:"relabel_configs" help:"Relabelling."`
}

func (c testConfig) Validate() error {
	var errs []error
	if c.Storage.Retention < 2*time.Hour {
		errs = append(errs, config.Invalid("retention", c.Storage.Retention, "must be at least 2h0m0s"))
	}
	if c.Storage.Workers < 1 {
		errs = append(errs, config.Invalid("workers", c.Storage.Workers, "must be at least 1"))
	}
	all := config.Prefix("storage", errors.Join(errs...))
	for i, r := range c.Rules {
		if r.Name == "" {
			all = errors.Join(all, config.Invalid("rules["+string(rune('0'+i))+"].name", "", "must be set"))
		}
	}
	if c.Identity.Endpoint == "forbidden" {
		all = errors.Join(all, errors.New("a rule without a key"))
	}
	return all
}

func defaults() testConfig {
	return testConfig{
		DataDir:  "data",
		Identity: identity{Endpoint: "e", Port: 80},
		Storage:  storageConfig{Retention: 93 * 24 * time.Hour, MaxSize: 512 << 20, OutOfOrderWindow: 24 * time.Hour, Sync: "commit", Compress: true, Ratio: 0.5, Workers: 2},
	}
}

func loader(t *testing.T) *Loader[testConfig] {
	t.Helper()
	l, err := New(defaults)
	require.NoError(t, err)
	return l
}

// loadText loads a file with the given text and the given command line.
func loadText(t *testing.T, text string, args ...string) (testConfig, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("c.yaml", []byte(text), 0o600))
	l := loader(t)
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	l.AddFlags(fs)
	require.NoError(t, fs.Parse(append([]string{"--config.file", "c.yaml"}, args...)))
	return l.Load()
}

func TestLoadPutsFlagsOverFileOverDefaults(t *testing.T) {
	got, err := loadText(t, `
data_dir: "file dir"
endpoint: from-file
storage:
  retention: 1w
  max_size: 1GiB
  sync: off
  compress: false
hosts: [a, b]
rules:
  - name: one
    every: 90s
    set: {x: "1", y: z}
relabel_configs:
  - source_labels: [job]
    target_label: endpoint
`, "--storage.retention=3h", "--hosts", "c", "--hosts=d,e", "--storage.out-of-order-window", "1h30m", "--storage.compress", "--port=81")
	require.NoError(t, err)
	want := defaults()
	want.DataDir = "file dir"
	want.Identity = identity{Endpoint: "from-file", Port: 81}
	want.Storage.Retention = 3 * time.Hour
	want.Storage.OutOfOrderWindow = 90 * time.Minute
	want.Storage.MaxSize = 1 << 30
	want.Storage.Sync = "off"
	want.Hosts = []string{"c", "d,e"}
	want.Rules = []rule{{Name: "one", Every: 90 * time.Second, Set: map[string]string{"x": "1", "y": "z"}}}
	want.Relabel = got.Relabel
	require.Empty(t, cmp.Diff(want, got, cmpopts.IgnoreUnexported(testConfig{}), cmpopts.IgnoreFields(testConfig{}, "Relabel")))
	require.Len(t, got.Relabel, 1)
	require.Equal(t, relabel.Replace, got.Relabel[0].Action, "a type that reads its own YAML keeps its own defaults")
}

func TestLoadNamesEveryErrorWithItsPlace(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		args []string
		want []string
	}{
		"bound of a value in the file": {"storage:\n  retention: 1m\n", nil, []string{"c.yaml:2: storage.retention: must be at least 2h (got 1m)"}},
		"bound of a flag":              {"storage:\n  retention: 1w\n", []string{"--storage.retention=1m"}, []string{"--storage.retention: must be at least 2h (got 1m)"}},
		"bound inside a list":          {"rules:\n- name: a\n- every: 1m\n", nil, []string{`c.yaml:3: rules[1].name: must be set (got "")`}},
		"several at once": {"data_dir: 5\nstorage:\n  retension: 1m\n  workers: 0\n  ratio: x\n", []string{"--storage.compress=maybe"}, []string{
			"c.yaml:1: data_dir: must be text; put it in quotes (got 5)",
			"c.yaml:3: storage.retension: unknown key; did you mean storage.retention?",
			"c.yaml:4: storage.workers: must be at least 1 (got 0)",
			"c.yaml:5: storage.ratio: must be a number (got x)",
			"--storage.compress: must be true or false (got maybe)",
		}},
		"unknown key in the wrong section": {"retention: 1d\n", nil, []string{"c.yaml:1: retention: unknown key; did you mean storage.retention?"}},
		"unknown key, nothing near":        {"zzzzzzzz: 1d\n", nil, []string{"c.yaml:1: zzzzzzzz: unknown key"}},
		"unknown key inside a list":        {"rules:\n- nam: x\n  name: y\n", nil, []string{"c.yaml:2: rules[0].nam: unknown key; did you mean rules[0].name?"}},
		"unknown key of a foreign type":    {"relabel_configs:\n- actoin: drop\n", nil, []string{`c.yaml:2: relabel_configs[0]: unknown field "actoin"`}},
		"bad value of a foreign type":      {"relabel_configs:\n- action: explode\n", nil, []string{`c.yaml:2: relabel_configs[0]: unknown relabel action "explode"`}},
		"twice":                            {"data_dir: a\nhosts: []\ndata_dir: b\n", nil, []string{"c.yaml:3: data_dir: is set twice; first on line 1"}},
		"duration without a unit":          {"storage:\n  retention: 15\n", nil, []string{"c.yaml:2: storage.retention: must be a duration such as 15s, 90m or 93d (got 15)"}},
		"size without a unit":              {"storage:\n  max_size: 512\n", nil, []string{"c.yaml:2: storage.max_size: must be a size such as 512MiB (got 512)"}},
		"size of a flag":                   {"", []string{"--storage.max-size=many"}, []string{"--storage.max-size: must be a size such as 512MiB (got many)"}},
		"empty value of a flag":            {"", []string{"--storage.max-size="}, []string{`--storage.max-size: must be a size such as 512MiB (got "")`}},
		"text type":                        {"storage:\n  sync: maybe\n", nil, []string{"c.yaml:2: storage.sync: must be one of commit, off (got maybe)"}},
		"out of range":                     {"port: 70000\n", nil, []string{"c.yaml:1: port: must be a whole number between 0 and 65535 (got 70000)"}},
		"quoted number":                    {"port: \"70\"\n", nil, []string{"c.yaml:1: port: must be a int, without quotes (got 70)"}},
		"no value":                         {"data_dir:\n", nil, []string{"c.yaml:1: data_dir: has no value; leave the key out for the default"}},
		"list for a value":                 {"data_dir: [a]\n", nil, []string{"c.yaml:1: data_dir: must be a single value, not a list or a section"}},
		"value for a list":                 {"hosts: a\n", nil, []string{"c.yaml:1: hosts: must be a list; write [] for none (got a)"}},
		"value for a section":              {"storage: a\n", nil, []string{"c.yaml:1: storage: must be a section of `key: value` lines"}},
		"alias":                            {"data_dir: &a x\nendpoint: *a\n", nil, []string{"c.yaml:1:11: anchors, aliases", "c.yaml:2:11: anchors, aliases"}},
		"tag":                              {"data_dir: !!str 5\n", nil, []string{"c.yaml:1:11: tags and directives"}},
		"two documents":                    {"data_dir: x\n---\ndata_dir: y\n", nil, []string{"c.yaml:3:1: only one YAML document"}},
		"syntax":                           {"storage:\n  retention: 1w\n bad\n", nil, []string{"c.yaml:3:2: "}},
		"rule without a key":               {"endpoint: forbidden\n", nil, []string{"a rule without a key"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadText(t, tc.text, tc.args...)
			require.Error(t, err)
			lines := strings.Split(err.Error(), "\n")
			require.Len(t, lines, len(tc.want), err.Error())
			for i, want := range tc.want {
				require.Contains(t, lines[i], want)
			}
		})
	}
}

func TestSectionsWhoseKeysAreAllCommentedOutKeepTheirDefaults(t *testing.T) {
	got, err := loadText(t, "# nothing\nstorage:\n  # retention: 1w\nhosts: [x]\n")
	require.NoError(t, err)
	require.Equal(t, defaults().Storage, got.Storage)
	_, err = loadText(t, "# only a comment\n")
	require.NoError(t, err)
}

func TestLoadReadsTheFileAnewWithoutKeepingTheOldOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	l := loader(t)
	require.NoError(t, os.WriteFile(path, []byte("hosts: [a]\n"), 0o600))
	_, err := l.LoadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("data_dir: x\n"), 0o600))
	got, err := l.LoadFile(path)
	require.NoError(t, err)
	require.Empty(t, got.Hosts)
	_, err = l.LoadFile(path + ".none")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestRenderedConfigurationLoadsBackToItself(t *testing.T) {
	cfg := defaults()
	cfg.DataDir = "it's: a \"path\" #1\twith\nlines"
	cfg.Identity.Endpoint = "123"
	cfg.Hosts = []string{"a,b", "true", "", "x: y", "null"}
	cfg.Rules = []rule{{Name: "n", Every: time.Minute, Set: map[string]string{"k": "0"}}}
	var b bytes.Buffer
	require.NoError(t, loader(t).WriteYAML(&b, cfg))
	got, err := loadText(t, b.String())
	require.NoError(t, err, b.String())
	require.Empty(t, cmp.Diff(cfg, got, cmpopts.IgnoreUnexported(testConfig{}), cmpopts.EquateEmpty()), b.String())
	require.Contains(t, b.String(), "  # How late a sample may be.\n  out_of_order_window: 1d\n")
}

func TestFieldsCarryFlagTypeAndDefault(t *testing.T) {
	fields := map[string]Field{}
	for _, f := range loader(t).Fields() {
		fields[f.Key] = f
	}
	require.Equal(t, Field{Key: "storage.out_of_order_window", Flag: "storage.out-of-order-window", Type: "duration", Default: "1d", Help: "How late a sample may be."}, fields["storage.out_of_order_window"])
	require.Equal(t, Field{Key: "storage.max_size", Flag: "storage.max-size", Type: "size", Default: "512MiB", Help: "Largest size on disk."}, fields["storage.max_size"])
	require.Equal(t, Field{Key: "rules", Type: "list of section", Default: "[]", Help: "Rules."}, fields["rules"])
	require.Contains(t, fields, "endpoint", "an inlined struct adds no section")
	var md strings.Builder
	require.NoError(t, loader(t).WriteMarkdown(&md))
	require.Contains(t, md.String(), "| `hosts` | `--hosts` | list of text | `[]` | Names to serve. |\n")
}

type shared struct {
	A struct {
		Log struct {
			X int `yaml:"x" help:"X."`
		} `yaml:"log"`
		Z int `yaml:"z" help:"Z."`
	} `yaml:",inline"`
	B struct {
		Y int `yaml:"y" help:"Y."`
	} `yaml:"log" help:"Logs."`
}

func (shared) Validate() error { return nil }

func TestTwoStructsMayShareASection(t *testing.T) {
	l, err := New(func() shared { return shared{} })
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "c.yaml")
	require.NoError(t, os.WriteFile(path, []byte("log:\n  y: 2\n  x: 1\nz: 3\n"), 0o600))
	got, err := l.LoadFile(path)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, []int{got.A.Log.X, got.B.Y, got.A.Z})
	var b strings.Builder
	require.NoError(t, l.WriteYAML(&b, got))
	require.Equal(t, "# Logs.\nlog:\n  # X.\n  x: 1\n  # Y.\n  y: 2\n# Z.\nz: 3\n", b.String())
	var keys []string
	for _, f := range l.Fields() {
		keys = append(keys, f.Key)
	}
	require.Equal(t, []string{"log.x", "log.y", "z"}, keys)
	require.NoError(t, os.WriteFile(path, []byte("log:\n  w: 2\n"), 0o600))
	_, err = l.LoadFile(path)
	require.ErrorContains(t, err, path+":2: log.w: unknown key; did you mean log.x?")
}

type noHelp struct {
	A int `yaml:"a"`
}

func (noHelp) Validate() error { return nil }

func TestNewRefusesAKeyWithoutHelp(t *testing.T) {
	_, err := New(func() noHelp { return noHelp{} })
	require.ErrorContains(t, err, "key a has no help")
}

func TestDurationsReadWhatTheyWrite(t *testing.T) {
	for _, text := range []string{"0s", "15s", "93d", "1h30m", "1w", "250µs", "-1s", "1.5ms"} {
		d, err := ParseDuration(text)
		require.NoError(t, err, text)
		again, err := ParseDuration(FormatDuration(d))
		require.NoError(t, err, text)
		require.Equal(t, d, again, text)
	}
	for _, text := range []string{"", "15", "1 h", "d", "never"} {
		_, err := ParseDuration(text)
		require.Error(t, err, text)
	}
}

func TestMessagesWriteDurationsAsOperatorsDo(t *testing.T) {
	for in, want := range map[string]string{
		"must be at least 2h0m0s, one block": "must be at least 2h, one block",
		"1m0s":                               "1m", "1h30m0s": "1h30m", "10m0s": "10m", "20h20m20s": "20h20m20s", "15s": "15s", "1h0m5s": "1h0m5s",
	} {
		require.Equal(t, want, shorten(in))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("data_dir: x\nstorage:\n  retention: 1w\n  max_size: 1GiB\nhosts: [a, b]\n")
	f.Add("rules:\n- name: a\n  set: {x: y}\nrelabel_configs:\n- source_labels: [job]\n  regex: (.*)\n")
	f.Add("a: &x [*x]\n<<: {b: c}\n? k\n: v\n")
	f.Add("storage: {retention: 1m, retention: |\n  text\n}")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := New(defaults)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := l.LoadFile(path)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		// What loads, renders; and what was rendered loads to the same again.
		var b bytes.Buffer
		if len(cfg.Relabel) > 0 {
			return // foreign types render as their own packages please
		}
		if err := l.WriteYAML(&b, cfg); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := l.LoadFile(path)
		if err != nil {
			t.Fatalf("rendered file does not load: %v\n%s", err, b.String())
		}
		if d := cmp.Diff(cfg, again, cmpopts.IgnoreUnexported(testConfig{}), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%s\n%s", d, b.String())
		}
	})
}

func TestChangedNamesKeys(t *testing.T) {
	a, b := defaults(), defaults()
	b.Storage.Workers, b.Hosts, b.Rules = 9, []string{}, []rule{{Name: "x"}}
	require.Equal(t, []string{"storage.workers", "rules"}, loader(t).Changed(a, b))
	require.Empty(t, loader(t).Changed(a, a))
}
