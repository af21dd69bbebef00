package app

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/logs"
	"github.com/endscope/endscope/logs/kql"
	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// alertSources answers the questions of alert rules from the stores of a server.
func alertSources(t *testing.T, a *App, limits query.DrillDownConfig) (*alertMetrics, *alertLogs) {
	t.Helper()
	catalogue, err := scopes.LoadCatalogue()
	require.NoError(t, err)
	engine, err := query.NewEngine(query.DefaultConfig(), query.Settings{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Queryable: a.store})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	planner, err := query.NewPlanner(limits, query.PlannerSettings{Catalogue: catalogue, Engine: engine, Now: time.Now})
	require.NoError(t, err)
	metrics := logs.NewAzureMetrics(&metricReader{planner: planner, catalogue: catalogue, store: a.store, now: time.Now}, logs.Identity{})
	language, err := kql.NewEngine(logs.NewCatalog(a.logs, metrics))
	require.NoError(t, err)
	return &alertMetrics{planner}, &alertLogs{language, kql.NewGate(kql.DefaultConfig(), prometheus.NewRegistry())}
}

// cpu pushes a sample every 15 s from a time on, each minute's from the list.
func cpu(t *testing.T, a *App, scope string, begin time.Time, minutes ...float64) {
	t.Helper()
	var text strings.Builder
	for m, v := range minutes {
		for s := 15; s <= 60; s += 15 {
			fmt.Fprintf(&text, "instance_cpu_utilization_ratio %v %d\n", v, begin.Add(time.Duration(m)*time.Minute+time.Duration(s)*time.Second).UnixMilli())
		}
	}
	status, answer := post(t, a.URL()+"/api/v1/push/"+scope, text.String())
	require.Equal(t, 2, status/100, answer)
}

func patterns(t *testing.T, texts ...string) (out []scopes.Pattern) {
	t.Helper()
	for _, text := range texts {
		p, err := scopes.ParsePattern(text)
		require.NoError(t, err)
		out = append(out, p)
	}
	return out
}

// numbers returns the values of series with 0 standing for none, by scope and dimensions.
func numbers(list []alerts.Series) map[string][]float64 {
	out := map[string][]float64{}
	for _, s := range list {
		key := s.Scope.String()
		for _, v := range s.Dimensions {
			key += " " + v
		}
		for _, v := range s.Values {
			if v == nil {
				out[key] = append(out[key], 0)
			} else {
				out[key] = append(out[key], *v)
			}
		}
	}
	return out
}

func TestAlertRulesAskAboutMetricsAtInstants(t *testing.T) {
	a := start(t, nil)
	begin := time.Now().UTC().Truncate(time.Minute).Add(-20 * time.Minute)
	cpu(t, a, "credit/blue/i-0", begin, .125, .25, .5, .25)
	cpu(t, a, "credit/green/i-0", begin, .25, .25)
	cpu(t, a, "fraud/blue/i-0", begin, .75, .75, .75, .75)
	m, _ := alertSources(t, a, query.DefaultDrillDownConfig())
	at := func(minutes int) time.Time { return begin.Add(time.Duration(minutes) * time.Minute) }
	ask := alerts.MetricQuestion{
		Scopes: patterns(t, "credit/*", "nobody/blue"), Metric: "CpuUtilizationPercentage", Aggregation: scopes.Average,
		Window: 2 * time.Minute, Every: time.Minute, From: at(1), To: at(5),
	}
	want := map[string][]float64{"credit/blue": {12.5, 18.75, 37.5, 37.5, 25}, "credit/green": {25, 25, 25, 0, 0}}

	t.Run("every instant, of the scopes that there are", func(t *testing.T) {
		got, err := m.ask(t.Context(), ask)
		require.NoError(t, err)
		require.Equal(t, want, numbers(got))
	})
	t.Run("one instant", func(t *testing.T) {
		one := ask
		one.From, one.To, one.Every = at(3), at(3), 0
		got, err := m.ask(t.Context(), one)
		require.NoError(t, err)
		require.Equal(t, map[string][]float64{"credit/blue": {37.5}, "credit/green": {25}}, numbers(got))
	})
	t.Run("split and filtered", func(t *testing.T) {
		split := ask
		split.Split, split.Filter = []string{"instanceId"}, "instanceId eq 'i-0'"
		split.Scopes = patterns(t, "fraud/blue")
		got, err := m.ask(t.Context(), split)
		require.NoError(t, err)
		require.Equal(t, map[string][]float64{"fraud/blue/i-0 i-0": {75, 75, 75, 75, 75}}, numbers(got))
	})
	t.Run("in parts where it would be too much", func(t *testing.T) {
		limits := query.DefaultDrillDownConfig()
		limits.MaxPoints, limits.MaxValues = 3, 2
		small, _ := alertSources(t, a, limits)
		got, err := small.ask(t.Context(), ask)
		require.NoError(t, err)
		require.Equal(t, want, numbers(got))
		three := ask
		three.Scopes = patterns(t, "*/*")
		_, err = small.ask(t.Context(), three)
		require.ErrorIs(t, err, alerts.ErrQuery, "three series are too many for one instant")
		require.ErrorAs(t, err, new(*query.AnswerLimitError))
	})
	t.Run("more scopes than one question of the planner takes", func(t *testing.T) {
		many := ask
		many.Scopes = nil
		for i := range 60 {
			many.Scopes = append(many.Scopes, patterns(t, fmt.Sprintf("nobody-%d/blue", i))...)
		}
		many.Scopes = append(many.Scopes, patterns(t, "credit/*")...)
		got, err := m.ask(t.Context(), many)
		require.NoError(t, err)
		require.Equal(t, want, numbers(got))
	})
	t.Run("nothing of windows that have not ended", func(t *testing.T) {
		now := time.Now().UTC().Truncate(time.Minute)
		cpu(t, a, "late/blue/i-0", now.Add(-3*time.Minute), .5, .5, .5)
		late := ask
		late.Scopes, late.From, late.To = patterns(t, "late/blue"), now.Add(-time.Minute), now.Add(10*time.Minute)
		got, err := m.ask(t.Context(), late)
		require.NoError(t, err)
		values := numbers(got)["late/blue"]
		require.Len(t, values, 12)
		require.Equal(t, 50.0, values[0])
		require.Zero(t, values[11])
	})
	t.Run("nothing stored", func(t *testing.T) {
		none := ask
		none.Scopes = patterns(t, "nobody/blue")
		got, err := m.ask(t.Context(), none)
		require.NoError(t, err)
		require.Empty(t, got)
		none.Scopes, none.Metric = patterns(t, "credit/blue"), "GpuPower"
		got, err = m.ask(t.Context(), none)
		require.NoError(t, err)
		require.Empty(t, got)
	})
	t.Run("what is wrong with a question is the rule's error", func(t *testing.T) {
		for _, change := range []func(*alerts.MetricQuestion){
			func(q *alerts.MetricQuestion) { q.Metric = "NoSuchMetric" },
			func(q *alerts.MetricQuestion) { q.Split = []string{"nothing"} },
			func(q *alerts.MetricQuestion) { q.Filter = "instanceId eq" },
			func(q *alerts.MetricQuestion) { q.To = q.To.Add(time.Second) },
			func(q *alerts.MetricQuestion) { q.To = q.From.Add(-time.Minute) },
			func(q *alerts.MetricQuestion) { q.Window = 0 },
		} {
			wrong := ask
			change(&wrong)
			_, err := m.ask(t.Context(), wrong)
			require.ErrorIs(t, err, alerts.ErrQuery)
		}
	})
	require.NotNil(t, m.definition("cpuutilizationpercentage", scopes.LevelDeployment))
	require.Nil(t, m.definition("NoSuchMetric", scopes.LevelDeployment))
}

func TestAlertsAreExplained(t *testing.T) {
	a := start(t, nil)
	begin := time.Now().UTC().Truncate(time.Minute).Add(-40 * time.Minute)
	low, high := []float64{}, []float64{}
	for i := range 35 {
		low = append(low, .2+float64(i%3)/100)
		high = append(high, low[i])
		if i >= 30 {
			high[i] = .9
		}
	}
	for i := range 3 {
		cpu(t, a, fmt.Sprintf("credit/blue/i-%d", i), begin, low...)
	}
	cpu(t, a, "credit/blue/i-7", begin, high...)
	m, _ := alertSources(t, a, query.DefaultDrillDownConfig())
	scope, err := scopes.ParsePath("credit/blue")
	require.NoError(t, err)
	end := begin.Add(35 * time.Minute)
	// The window is shorter than what can be judged: it is taken to be five minutes long.
	from, until, baseline := alerts.ExplainSpan(end.Add(-time.Minute), end)
	found, err := m.explain(t.Context(), alerts.ExplainQuestion{Metric: "CpuUtilizationPercentage", Aggregation: scopes.Average, Scope: scope, Start: from, End: until, Baseline: baseline})
	require.NoError(t, err)
	require.Equal(t, string(query.VerdictSingle), found.Verdict, found.Sentence)
	require.Equal(t, []string{"instanceId=i-7"}, found.Path)
	require.Contains(t, found.Sentence, "i-7")

	scope.Endpoint = "nobody"
	found, err = m.explain(t.Context(), alerts.ExplainQuestion{Metric: "CpuUtilizationPercentage", Scope: scope, Start: end.Add(-time.Hour), End: end, Baseline: end.Add(-2 * time.Hour)})
	require.NoError(t, err)
	require.Nil(t, found)
	_, err = m.explain(t.Context(), alerts.ExplainQuestion{Metric: "NoSuchMetric", Scope: scope, Start: end.Add(-time.Hour), End: end, Baseline: end.Add(-2 * time.Hour)})
	require.ErrorIs(t, err, alerts.ErrQuery)
}

func TestAlertRulesAskAboutLogs(t *testing.T) {
	a := start(t, nil)
	begin := time.Now().UTC().Truncate(time.Minute).Add(-10 * time.Minute)
	var lines []string
	for i, of := range []string{"credit/blue", "credit/green", "fraud/blue", "credit/blue"} {
		endpoint, deployment, _ := strings.Cut(of, "/")
		lines = append(lines, fmt.Sprintf(`{"TimeGenerated":%q,"EndpointName":%q,"DeploymentName":%q,"Message":"m%d"}`, begin.Add(time.Duration(i)*time.Minute).Format(time.RFC3339), endpoint, deployment, i))
	}
	status, text := post(t, a.URL()+"/api/v1/logs/AmlOnlineEndpointConsoleLog", strings.Join(lines, "\n"))
	require.Equal(t, 2, status/100, text)
	_, l := alertSources(t, a, query.DefaultDrillDownConfig())
	messages := func(q alerts.LogQuestion) (out []any) {
		t.Helper()
		q.Query = "AmlOnlineEndpointConsoleLog | order by TimeGenerated asc | project Message"
		table, err := l.ask(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, []alerts.LogColumn{{Name: "Message", Type: "string"}}, table.Columns)
		for _, row := range table.Rows {
			out = append(out, row[0])
		}
		return out
	}
	whole := alerts.LogQuestion{From: begin, To: begin.Add(4 * time.Minute)}
	require.Equal(t, []any{"m0", "m1", "m2", "m3"}, messages(whole))
	require.Equal(t, []any{"m1", "m2"}, messages(alerts.LogQuestion{From: begin.Add(time.Minute), To: begin.Add(3 * time.Minute)}), "the end is not in it")
	whole.Scopes = patterns(t, "credit")
	require.Equal(t, []any{"m0", "m1", "m3"}, messages(whole))
	whole.Scopes = patterns(t, "credit/green", "fraud/*")
	require.Equal(t, []any{"m1", "m2"}, messages(whole))

	whole.Query = `print t = now(), b = true, n = 1, r = 1.5, s = "a", i = int(3), d = dynamic({"k":1}), span = 90s, nothing = long(null)`
	table, err := l.ask(t.Context(), whole)
	require.NoError(t, err)
	require.Equal(t, [][]any{{whole.To, true, int64(1), 1.5, "a", int64(3), `{"k":1}`, "00:01:30", nil}}, table.Rows, "now is the end of the time that is asked about")
	require.Equal(t, alerts.LogColumn{Name: "t", Type: "datetime"}, table.Columns[0])

	for _, wrong := range []string{"AmlOnlineEndpointConsoleLog | where", "AmlOnlineEndpointConsoleLog | project Nothing", "NoSuchTable | count"} {
		whole.Query = wrong
		_, err := l.ask(t.Context(), whole)
		require.ErrorIs(t, err, alerts.ErrQuery, wrong)
	}
	narrow := kql.DefaultConfig()
	narrow.MaxRows = 2
	l.gate = kql.NewGate(narrow, prometheus.NewRegistry())
	whole.Scopes, whole.Query = nil, "AmlOnlineEndpointConsoleLog"
	_, err = l.ask(t.Context(), whole)
	require.ErrorIs(t, err, alerts.ErrQuery, "half of the rows are no answer")
}
