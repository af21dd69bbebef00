package dashboards

// Expand returns a chart with its variables replaced.
func (c *Chart) Expand(v Values) Chart {
	out := *c
	out.Scopes, out.PromQL = each(c.Scopes, v.Plain), each(c.PromQL, v.PromQL)
	out.Filter, out.Unit = v.Filter(c.Filter), v.Plain(c.Unit)
	return out
}

// Expand returns a question to the logs with its variables replaced.
func (l *Logs) Expand(v Values) Logs {
	return Logs{Query: v.KQL(l.Query), Scopes: each(l.Scopes, v.Plain)}
}

func each(list []string, of func(string) string) []string {
	out := make([]string, len(list))
	for i, text := range list {
		out[i] = of(text)
	}
	return out
}
