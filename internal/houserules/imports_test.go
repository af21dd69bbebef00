package houserules

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/endscope/endscope/"
	root   = "../.."
)

// goPackage is what `go list -json` tells of a package.
type goPackage struct {
	Dir          string
	ImportPath   string
	GoFiles      []string
	CgoFiles     []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// name is the folder of the package: "agent/gpu".
func (p goPackage) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=Dir,ImportPath,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// dependencyRule says what the packages in and below a folder may import of ours. A name ending in /... stands for everything below it too.
type dependencyRule struct {
	folder string
	may    []string
	reason string
}

// dependencies is the table of the house. The first rule whose folder holds a package counts for it.
var dependencies = []dependencyRule{
	{"internal/config", nil, "it is the vocabulary of every configuration, so it can depend on nobody's"},
	{"internal/logrows", nil, "rows travel between ingest and logs in it, so it can depend on neither"},
	{"internal/liveframe", nil, "frames travel between agents and the server in it, so it can depend on neither"},
	{"internal/spelling", nil, "it compares words, whatever they name"},
	{"internal/strict", []string{"internal/spelling"}, "it reads documents and tells their mistakes, whatever they say, so it can know of none"},
	{"internal/subproc", nil, "it starts processes for tests, whatever they are"},
	{"internal/houserules", nil, "it judges the repository and takes no part in it"},
	{"scopes", nil, "names, paths and the catalogue are pure values that every other part shares"},
	{"tsdb", []string{"internal/config"}, "the store keeps samples and must not know what they mean or who sends them"},
	{"ingest", []string{"scopes", "internal/config", "internal/logrows"}, "parsers meet the store through Prometheus's appender, so that a remote engine can take its place"},
	{"query", []string{"scopes", "internal/config", "internal/spelling"}, "questions meet the store through storage.Queryable, so that a distributed engine can take its place"},
	{"logs", []string{"scopes", "internal/config", "internal/logrows", "internal/spelling"}, "log tables and their language meet ingest through batches and web through values, so that another engine can take their place"},
	{"internal/sqlite", nil, "it opens a database file with the same promises for whoever keeps one"},
	{"resources", []string{"scopes", "internal/config", "internal/sqlite"}, "what operators create is stored as documents, and those who understand them are handed in as functions"},
	{"dashboards", []string{"scopes", "internal/strict"}, "a dashboard is a document; whether what it asks is answered, those say who have the engines"},
	{"alerts", []string{"alerts/...", "scopes", "internal/config", "internal/sqlite", "internal/strict"}, "rules ask through function types, so that another engine can answer and the parts can be tested alone"},
	{"live", []string{"scopes", "internal/config", "internal/liveframe"}, "it merges what agents say now and must not know what is stored, or how routes write it"},
	{"agent", []string{"agent/...", "scopes", "internal/config", "internal/liveframe", "internal/spelling"}, "the agent runs on other people's instances and carries no part of the server"},
	{"web", []string{"scopes", "tsdb", "ingest", "query", "logs/...", "resources", "alerts/...", "live", "internal/config", "internal/logrows", "internal/liveframe", "internal/sqlite"}, "routes speak values and errors of the parts, and behaviour comes through interfaces that web declares"},
	{"cmd", []string{"..."}, "all wiring is there, and nobody imports it"},
	{"bench", []string{"..."}, "benchmarks drive the real parts from outside"},
	{"test", []string{"..."}, "tests over the whole drive real programs from outside"},
	{"deploy", []string{"..."}, "tests of what is deployed drive the real parts from outside"},
	{"", nil, "the root of the module holds no code"},
}

func (r dependencyRule) holds(pkg string) bool {
	return r.folder == "" || pkg == r.folder || strings.HasPrefix(pkg, r.folder+"/")
}

func (r dependencyRule) allows(imported string) bool {
	if r.folder != "" && r.folder != "scopes" && r.holds(imported) {
		return true
	}
	return slices.ContainsFunc(r.may, func(m string) bool {
		below, all := strings.CutSuffix(m, "...")
		return m == imported || all && (strings.HasPrefix(imported, below) || imported == strings.TrimSuffix(below, "/"))
	})
}

func TestDependencyTable(t *testing.T) {
	for _, p := range packages(t) {
		i := slices.IndexFunc(dependencies, func(r dependencyRule) bool { return r.holds(p.name()) })
		rule := dependencies[i]
		for _, imported := range p.Imports {
			ours, ok := strings.CutPrefix(imported, module)
			if ok && !rule.allows(ours) {
				t.Errorf("%s imports %s: %s may import only %v of ours, because %s", p.name(), ours, rule.folder, rule.may, rule.reason)
			}
			if ok && strings.HasPrefix(ours, "cmd/") && !strings.HasPrefix(p.name(), "cmd/") && !strings.HasPrefix(p.name(), "bench/") && !strings.HasPrefix(p.name(), "deploy/") && !strings.HasPrefix(p.name(), "test/") {
				t.Errorf("%s imports %s: nobody imports cmd", p.name(), ours)
			}
		}
		for _, imported := range append(slices.Clone(p.TestImports), p.XTestImports...) {
			if ours, ok := strings.CutPrefix(imported, module); ok && strings.HasPrefix(ours, "cmd/") && rule.folder != "cmd" && rule.folder != "bench" && rule.folder != "deploy" && rule.folder != "test" {
				t.Errorf("the tests of %s import %s: nobody imports cmd", p.name(), ours)
			}
		}
	}
}

func TestOnlyOnePackageTouchesEachForeignOne(t *testing.T) {
	all := packages(t)
	for _, rule := range []struct{ foreign, only, reason string }{
		{"github.com/NVIDIA/go-nvml/", "agent/nvml", "NVML needs cgo and a driver, so one folder holds it behind a build tag"},
		{"github.com/gorilla/mux", "web", "every route sits in one package"},
		{"github.com/prometheus/prometheus/web/api/v1", "web", "its constructor has 44 positional parameters"},
		{"github.com/prometheus/prometheus/tsdb", "tsdb ingest query web logs alerts/promrules", "only these speak the store's own types; others go through storage"},
		{"github.com/coder/websocket", "live agent/live", "the two ends of the live stream, and nobody else, speak WebSocket"},
		{"github.com/duckdb/", "logs", "DuckDB needs cgo, and only the log tables know that it is there"},
		{"go.etcd.io/bbolt", "agent/spool", "the spool's file format belongs to one package"},
		{"github.com/goccy/go-yaml", "cmd/internal/conf scopes web agent/scrape resources alerts/pack alerts/route cmd/endscope", "one parser decides what a configuration may hold; the catalogue is embedded, web only looks into the toolkit's file, and mappings of model servers, resources, notification policies and ready-made rules are files of data, not configuration"},
		{"modernc.org/sqlite", "internal/sqlite", "one place decides what a commit to a database promises"},
		{"github.com/prometheus/alertmanager", "alerts/route alerts/receivers", "routing and sending are Alertmanager's, and nobody else has to know"},
		{"github.com/prometheus/alertmanager/", "alerts/route alerts/receivers", "routing and sending are Alertmanager's, and nobody else has to know"},
		{"github.com/prometheus/prometheus/rules", "alerts/promrules web", "rule files are run in one package; web only shows them through Prometheus's own API"},
		{"github.com/spf13/", "cmd", "flags are known only to commands"},
		{"github.com/oklog/run", "cmd", "the order of shutdown is decided in one place"},
	} {
		allowed := strings.Fields(rule.only)
		for _, p := range all {
			in := slices.ContainsFunc(allowed, func(a string) bool { return dependencyRule{folder: a}.holds(p.name()) })
			for _, imported := range p.Imports {
				if !in && (imported == rule.foreign || strings.HasSuffix(rule.foreign, "/") && strings.HasPrefix(imported, rule.foreign)) {
					t.Errorf("%s imports %s, which only %s may: %s", p.name(), imported, rule.only, rule.reason)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles)+len(p.CgoFiles) == 0 && p.name() == strings.TrimSuffix(module, "/") {
			continue // the module's root
		}
		if !slices.Contains(append(slices.Clone(p.GoFiles), p.CgoFiles...), "doc.go") {
			t.Errorf("%s has no doc.go that says what it owns", p.name())
			continue
		}
		text, err := os.ReadFile(p.Dir + "/doc.go")
		require.NoError(t, err)
		for _, word := range []string{"own", "import"} {
			if !strings.Contains(string(text), word) {
				t.Errorf("%s/doc.go does not say what the package %ss", p.name(), word)
			}
		}
	}
}
