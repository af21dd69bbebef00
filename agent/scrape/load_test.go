package scrape

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const smallMapping = `kind: small
detect: {any: ["small:running"]}
metrics:
  - to: model_requests_running
    from: [{name: "small:running"}]
    keep: {model_name: model}
`

func TestBuiltinMappingsLoadInTheirOrder(t *testing.T) {
	all, err := BuiltinMappings()
	require.NoError(t, err)
	var got []string
	for _, m := range all {
		got = append(got, m.Kind)
	}
	require.Equal(t, builtinOrder(), got, "every built-in kind has its place, and every place its kind")
}

func TestFilesReplaceAndAddKinds(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	own := write("own.yaml", smallMapping)
	all, err := LoadMappings([]string{own})
	require.NoError(t, err)
	require.Equal(t, "small", all[0].Kind, "the operator's own kind wins over the built-in ones")

	built, err := BuiltinMappings()
	require.NoError(t, err)
	if len(built) > 0 {
		kind := built[len(built)-1].Kind
		again := write("again.yaml", strings.Replace(smallMapping, "kind: small", "kind: "+kind, 1))
		all, err = LoadMappings([]string{again})
		require.NoError(t, err)
		require.Len(t, all, len(built))
		require.Equal(t, again, all[len(all)-1].file, "a file with a built-in kind takes its place")
	}

	_, err = LoadMappings([]string{own, write("twice.yaml", smallMapping)})
	require.ErrorContains(t, err, "twice.yaml: kind: must be unique among the files (got small, which "+own+" has)")
	_, err = LoadMappings([]string{filepath.Join(dir, "absent.yaml")})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = LoadMappings([]string{write("big.yaml", smallMapping+strings.Repeat("# filler\n", maxMappingFile/8))})
	require.ErrorContains(t, err, "big.yaml: must be at most 1048576 bytes (got ")
}

func TestMappingErrorsNamePlaceAndValue(t *testing.T) {
	rule := func(lines string) string {
		return "kind: small\ndetect: {prefixes: [\"small:\"]}\nmetrics:\n  - to: model_tokens_total\n    set: {direction: input}\n" + lines
	}
	gauge := func(from, more string) string {
		return "kind: small\ndetect: {any: [a]}\nmetrics:\n  - {to: gpu_memory_utilization_ratio, from: " + from + ", " + more + "}\n"
	}
	for name, c := range map[string]struct{ text, want string }{
		"not YAML":             {"kind: [", "m.yaml:1: "},
		"empty":                {"", "m.yaml: must hold one YAML document"},
		"unknown key":          {"kind: small\ndetekt: {}\n", `m.yaml:2: unknown field "detekt"`},
		"anchor":               {"kind: &a small\n", "m.yaml:1: anchors, aliases, merge keys and tags are not read here"},
		"no kind":              {strings.Replace(smallMapping, "kind: small", "title: x", 1), `kind: must be 1 to 63 lower-case letters, digits, ., _ and -, such as vllm (got "")`},
		"reserved kind":        {strings.Replace(smallMapping, "kind: small", "kind: unknown", 1), `m.yaml:1: kind: must be 1 to 63`},
		"no detection":         {strings.Replace(smallMapping, `{any: ["small:running"]}`, "{}", 1), "m.yaml:2: detect: must name a metric or a prefix"},
		"unknown canonical":    {strings.Replace(smallMapping, "model_requests_running", "model_requests_runing", 1), `m.yaml:4: metrics[0].to: must be a canonical series; did you mean model_requests_running? (got "model_requests_runing")`},
		"canonical, nearly":    {strings.Replace(smallMapping, "model_requests_running", "model_request_running", 1), `metrics[0].to: must be a canonical series; did you mean model_requests_running? (got "model_request_running")`},
		"nothing canonical":    {strings.Replace(smallMapping, "model_requests_running", "up", 1), `m.yaml:4: metrics[0].to: must be a canonical series (got "up")`},
		"list of kinds":        {"- kind: small\n", `m.yaml:1: the file: must be keys and values (got - kind: small)`},
		"factor of text":       {rule("    from: [{name: a}]\n    factor: ms\n"), `m.yaml:7: metrics[0].factor: must be a number (got ms)`},
		"factor of a list":     {rule("    factor: [1]\n"), `m.yaml:6: metrics[0].factor: must be a number (got [1])`},
		"second rule's factor": {rule("    from: [{name: a}]\n  - to: model_requests_running\n    factor: ms\n"), `m.yaml:8: metrics[1].factor: must be a number (got ms)`},
		"drop of text":         {rule("    drop: [1, x]\n"), `m.yaml:6: metrics[0].drop[1]: must be a number (got x)`},
		"drop of no list":      {rule("    drop: 3\n"), `m.yaml:6: metrics[0].drop: must be a list (got 3)`},
		"keep of text":         {rule("    keep: foo\n"), `m.yaml:6: metrics[0].keep: must be keys and values (got foo)`},
		"keep of a list":       {rule("    keep: {a: [1]}\n"), `m.yaml:6: metrics[0].keep.a: must be a text (got [1])`},
		"from of no list":      {rule("    from: {name: a}\n"), `m.yaml:6: metrics[0].from: must be a list (got {name: a})`},
		"from of lines":        {rule("    from:\n      name: a\n      minus: b\n"), `metrics[0].from: must be a list (got name: a`},
		"from of names":        {rule("    from: [a]\n"), `m.yaml:6: metrics[0].from[0]: must be keys and values (got a)`},
		"strict of text":       {rule("    from: [{name: a, strict: maybe}]\n"), `m.yaml:6: metrics[0].from[0].strict: must be true or false (got maybe)`},
		"operand of a list":    {gauge("[{times: [a, {name: [b]}]}]", ""), `metrics[0].from[0].times[1].name: must be a text (got [b])`},
		"long value":           {rule("    factor: " + strings.Repeat("é", 100) + "\n"), `m.yaml:6: metrics[0].factor: must be a number (got ` + strings.Repeat("é", 40) + "…)"},
		"unknown label":        {strings.Replace(smallMapping, "model_name: model", "model_name: name", 1), `m.yaml:6: metrics[0].keep: model_requests_running has only the labels engine, model, model_version (got "name")`},
		"bad where":            {rule("    from: [{name: a}]\n    where: {x: \"(\"}\n"), `m.yaml:7: metrics[0].where: must be a regular expression (RE2) (got "(")`},
		"bad factor":           {rule("    from: [{name: a}]\n    factor: 0\n"), "m.yaml:7: metrics[0].factor: model_tokens_total needs a factor above 0 (got 0)"},
		"bad combine":          {rule("    from: [{name: a}]\n    combine: mean\n"), `m.yaml:7: metrics[0].combine: must be one of sum, max, avg (got "mean")`},
		"average of counters":  {rule("    from: [{name: a}]\n    combine: avg\n"), "m.yaml:7: metrics[0].combine: model_tokens_total is a counter, which has no average (got avg)"},
		"no source":            {rule(""), "metrics[0].from: model_tokens_total must have at least one source (got nothing)"},
		"two forms":            {rule("    from: [{name: a, minus: b, part: sum}]\n"), "must have at most one of minus, part and product"},
		"sum of a counter":     {rule("    from: [{sum: a, count: b}]\n"), "model_tokens_total is no histogram"},
		"sum without count":    {rule("    from: [{sum: a}]\n"), "must have sum and count together"},
		"bad part":             {rule("    from: [{name: a, part: mean}]\n"), `must be sum or count (got "mean")`},
		"bad version":          {rule("    from: [{name: a, since: new}]\n"), `metrics[0].from[0].since: must be a version such as 0.11.2 (got "new")`},
		"strict about nothing": {rule("    from: [{name: a, strict: true}]\n"), `metrics[0].from[0].strict: needs since or until (got true)`},
		"empty range":          {rule("    from: [{name: a, since: \"2\", until: \"1.9\"}]\n"), `metrics[0].from[0].until: must be after since, 2 (got "1.9")`},
		"value not allowed":    {strings.Replace(rule("    from: [{name: a}]\n"), "input", "in", 1), `label direction of model_tokens_total must be one of input, output (got "in")`},
		"label missing":        {strings.Replace(rule("    from: [{name: a}]\n"), "    set: {direction: input}\n", "", 1), "metrics[0]: needs the label direction, by keep or set"},
		"label given twice":    {rule("    from: [{name: a}]\n    keep: {d: direction}\n"), "is already given by keep.d"},
		"rewritten value":      {rule("    from: [{name: a}]\n    values: {direction: {x: y}}\n"), `label direction of model_tokens_total must be one of input, output (got "y")`},
		"rewritten, not given": {rule("    from: [{name: a}]\n    values: {model: {x: y}}\n"), "must be a label that keep or set gives"},
		"part of a histogram":  {"kind: small\ndetect: {any: [a]}\nmetrics:\n  - {to: model_queue_duration_seconds, from: [{name: a, part: sum}]}\n", "is a histogram: name a histogram, or sum and count"},
		"ratio of nothing":     {gauge("[{ratio: a}]", ""), "metrics[0].from[0]: must have ratio and of together (got one of them)"},
		"ratio and times":      {gauge("[{ratio: a, of: b, times: [a, b]}]", ""), "must have either ratio and of, or times (got both)"},
		"ratio and name":       {gauge("[{name: a, ratio: a, of: b}]", ""), "must have ratio and of, or times, and no other form beside them (got \"a\")"},
		"ratio and minus":      {gauge("[{ratio: a, of: b, minus: c}]", ""), "must have ratio and of, or times, and no other form beside them"},
		"one factor":           {gauge("[{times: a}]", ""), `metrics[0].from[0].times: must name at least two (got "a")`},
		"no operand":           {gauge("[{times: [a, \"\"]}]", ""), `metrics[0].from[0]: each operand must have a name (got "")`},
		"operand's where":      {gauge("[{times: [a, {name: b, where: {x: \"(\"}}]}]", ""), `metrics[0].from[0].where: must be a regular expression (RE2) (got "(")`},
		"operand's key":        {gauge("[{times: [a, {nam: b}]}]", ""), `unknown field "nam"`},
		"operands of a map":    {gauge("[{times: {a: b}}]", ""), `unknown field "a"`},
		"product of counters":  {rule("    from: [{times: [a, b]}]\n"), "metrics[0].from[0]: is a counter: only a gauge can be a ratio or a product (got model_tokens_total)"},
		"leaf without keep":    {gauge("[{name: a}]", "leaf: [mig]"), "m.yaml:4: metrics[0].leaf: needs keep, whose other labels tell which whole the parts belong to (got mig)"},
		"leaf twice":           {gauge("[{name: a}]", "keep: {u: uuid}, leaf: [mig, mig]"), `metrics[0].leaf: must be labels of the source, each once (got "mig")`},
		"empty leaf":           {gauge("[{name: a}]", "keep: {u: uuid}, leaf: [\"\"]"), `metrics[0].leaf: must be labels of the source, each once (got "")`},
		"alias":                {smallMapping + "aliases: [{match: \"(\", replace: a}]\n", `aliases[0].match: must be a regular expression (RE2) (got "(")`},
		"version":              {smallMapping + "version: {path: version}\n", `version.path: must begin with / (got "version")`},
		"version's label":      {smallMapping + "version: {metric: build}\n", "version.label: must be set together with version.metric"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseMapping("m.yaml", []byte(c.text), canonicalMetrics())
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "m.yaml")
		})
	}
}

func TestEachErrorOfSeveralNamesItsFile(t *testing.T) {
	dir := t.TempDir()
	cfg := DefaultConfig()
	cfg.Targets = []string{"http://127.0.0.1:8000"}
	for _, name := range []string{"a.yaml", "b.yaml"} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte("kind: small\ndetect: {}\nmetrics: []\n"), 0o600))
		cfg.Mappings = append(cfg.Mappings, file)
	}
	_, err := New(cfg, Settings{})
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 4)
	for i, line := range lines {
		require.Contains(t, line, "mappings: "+cfg.Mappings[i/2]+":")
	}
}

func TestVersionsCompareByNumber(t *testing.T) {
	for _, c := range []struct {
		a, b   string
		before bool
	}{{"0.9", "0.12", true}, {"0.12", "0.9", false}, {"v0.11.0rc1.dev3+cu124", "0.11", false}, {"0.11", "0.11.0", false}, {"24.05", "24.12.1", true}, {"1", "2", true}} {
		a, err := parseVersion(c.a)
		require.NoError(t, err)
		b, err := parseVersion(c.b)
		require.NoError(t, err)
		require.Equal(t, c.before, a.before(b), "%s before %s", c.a, c.b)
	}
	for _, text := range []string{"", "v", "unknown", ".1"} {
		_, err := parseVersion(text)
		require.ErrorContains(t, err, "is not a version", text)
	}
}

func FuzzMapping(f *testing.F) {
	f.Add([]byte(smallMapping))
	f.Add([]byte("kind: a\ndetect: {any: [a]}\nmetrics:\n  - {to: model_queue_duration_seconds, factor: 1e-6, from: [{sum: a, count: b, since: \"1\", until: \"2\"}], where: {a: \"b|\"}, values: {model: {\"*\": x}}}\n"))
	f.Add([]byte("kind: a\ndetect: {any: [a]}\nmetrics:\n  - {to: gpu_memory_utilization_ratio, from: [{ratio: a, of: [a, {name: b, where: {c: d}}]}, {times: [a, b]}], keep: {u: uuid}, leaf: [m]}\n"))
	metrics := canonicalMetrics()
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseMapping("m.yaml", text, metrics)
		if err != nil {
			return
		}
		require.True(t, validKind(m.Kind))
		for _, r := range m.Metrics {
			require.NotNil(t, r.metric)
			require.Greater(t, r.factor, 0.0)
		}
	})
}
