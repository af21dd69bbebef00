package evaluate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/scopes"
)

func TestPreviewKeepsTheSeriesThatSayMost(t *testing.T) {
	values := func(list ...float64) (out []*float64) {
		for _, v := range list {
			out = append(out, &v)
		}
		return append(out, nil)
	}
	dims := func(code string) map[string]string { return map[string]string{"code": code} }
	at := func(endpoint string) scopes.Path { return scopes.Path{Endpoint: endpoint} }
	made := func() *Preview {
		return &Preview{
			Series: []PreviewSeries{
				{Scope: at("a"), Criterion: "x", Dimensions: dims("200"), Values: values(1, 2)},
				{Scope: at("a"), Criterion: "y", Dimensions: dims("200"), Values: values(1000)},
				{Scope: at("a"), Criterion: "x", Dimensions: dims("500"), Values: values(3)},
				{Scope: at("b"), Criterion: "x", Dimensions: dims("200"), Values: values(9)},
				{Scope: at("c"), Criterion: "x", Dimensions: dims("200"), Values: values()},
				{Scope: at("c"), Criterion: "y", Dimensions: dims("200"), Values: values(1)},
			},
			Events: []PreviewEvent{{Scope: at("c"), Dimensions: dims("200"), State: "fired"}, {Scope: at("c"), Dimensions: dims("200"), State: "resolved"}},
		}
	}
	names := func(p *Preview) (out []string) {
		for _, s := range p.Series {
			out = append(out, s.Scope.String()+" "+s.Criterion+" "+s.Dimensions["code"])
		}
		return out
	}
	for n, want := range map[int][]string{
		1: {"c x 200", "c y 200"},
		2: {"b x 200", "c x 200", "c y 200"},
		3: {"a x 500", "b x 200", "c x 200", "c y 200"},
	} {
		p := made()
		p.KeepTop(n)
		require.Equal(t, want, names(p))
		require.Equal(t, 4, p.SeriesTotal)
		require.Len(t, p.Events, 2)
	}
	for _, n := range []int{0, 4, 5} {
		p := made()
		p.KeepTop(n)
		require.Equal(t, made(), p)
	}
}
