package fn

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/endscope/endscope/logs/kql/value"
)

const (
	squareJSON = `{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]]]}`
	holedJSON  = `{"type":"Polygon","coordinates":[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[4,4],[6,4],[6,6],[4,6],[4,4]]]}`
	twiceJSON  = `{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]],[[[20,0],[21,0],[21,1],[20,0]]]]}`
	eastJSON   = `{"type":"LineString","coordinates":[[0,0],[10,0]]}`
	cornerJSON = `{"type":"LineString","coordinates":[[0,0],[10,0],[10,10]]}`
	northJSON  = `{"type":"LineString","coordinates":[[5,-5],[5,5]]}`
	farJSON    = `{"type":"LineString","coordinates":[[100,0],[110,0]]}`
	shortJSON  = `{"type":"LineString","coordinates":[[0,0]]}`
	badJSON    = `{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,1],[0,0]]]}`
)

func TestGeoFunctions(t *testing.T) {
	square, holed, twice, east, corner, north, far, short, bad := js(squareJSON), js(holedJSON), js(twiceJSON), js(eastJSON), js(cornerJSON),
		js(northJSON), js(farJSON), js(shortJSON), js(badJSON)
	quarter := math.Pi / 2 * earthRadius
	cases := map[string]int{}
	for _, c := range []struct {
		name string
		args []value.Value
		want value.Value // numbers are compared with a tolerance; a string is JSON
	}{
		{"geo_distance_2points", []value.Value{0, 0, 90, 0}, quarter},
		{"geo_distance_2points", []value.Value{17.5, -90, -3, 90}, 2 * quarter},
		{"geo_distance_2points", []value.Value{0, 0, 181, 0}, "null"},
		{"geo_azimuth", []value.Value{0, 0, 5, 0}, math.Pi / 2},
		{"geo_azimuth", []value.Value{0, 0, -5, 0}, 1.5 * math.Pi},
		{"geo_azimuth", []value.Value{3, 3, 3, 3}, "null"},
		{"geo_angle", []value.Value{0, 10, 0, 0, 10, 0}, math.Pi / 2},
		{"geo_angle", []value.Value{10, 0, 0, 0, 0, 10}, 1.5 * math.Pi},
		{"geo_angle", []value.Value{0, 0, 0, 0, 0, 10}, "null"},
		{"geo_point_in_circle", []value.Value{0, 0, 0, 1, 112000}, "true"},
		{"geo_point_in_circle", []value.Value{0, 0, 0, 1, 111000}, "false"},
		{"geo_point_in_circle", []value.Value{0, 0, 0, 100, 1}, "null"},
		{"geo_line_length", []value.Value{corner}, quarter / 90 * 20},
		{"geo_line_length", []value.Value{js(`{"type":"MultiLineString","coordinates":[[[0,0],[1,0]],[[0,0],[0,1]]]}`)}, quarter / 90 * 2},
		{"geo_line_length", []value.Value{short}, "null"},
		{"geo_line_centroid", []value.Value{js(`{"type":"LineString","coordinates":[[-1,0],[1,0]]}`)}, `{"type":"Point","coordinates":[0.0,0.0]}`},
		{"geo_line_centroid", []value.Value{short}, "null"},
		{"geo_line_centroid", []value.Value{square}, "null"},
		{"geo_polygon_area", []value.Value{js(`{"type":"Polygon","coordinates":[[[0,0],[90,0],[0,90],[0,0]]]}`)}, math.Pi / 2 * earthRadius * earthRadius},
		{"geo_polygon_area", []value.Value{js(`{"type":"Polygon","coordinates":[[[0,0],[0,90],[90,0],[0,0]]]}`)}, math.Pi / 2 * earthRadius * earthRadius},
		{"geo_polygon_area", []value.Value{bad}, "null"},
		{"geo_polygon_perimeter", []value.Value{js(`{"type":"Polygon","coordinates":[[[0,0],[90,0],[0,90],[0,0]]]}`)}, 3 * quarter},
		{"geo_polygon_perimeter", []value.Value{bad}, "null"},
		{"geo_polygon_perimeter", []value.Value{east}, "null"},
		{"geo_polygon_centroid", []value.Value{js(`{"type":"Polygon","coordinates":[[[-1,-1],[1,-1],[1,1],[-1,1],[-1,-1]]]}`)}, `{"type":"Point","coordinates":[0.0,0.0]}`},
		{"geo_polygon_centroid", []value.Value{js(`{"type":"Polygon","coordinates":[[[-1,-1],[-1,1],[1,1],[1,-1],[-1,-1]]]}`)}, `{"type":"Point","coordinates":[0.0,0.0]}`},
		{"geo_polygon_centroid", []value.Value{bad}, "null"},
		{"geo_point_in_polygon", []value.Value{5, 5, square}, "true"},
		{"geo_point_in_polygon", []value.Value{5, 5, holed}, "false"},
		{"geo_point_in_polygon", []value.Value{-175, -5, square}, "false"},
		{"geo_point_in_polygon", []value.Value{20.9, 0.5, twice}, "true"},
		{"geo_point_in_polygon", []value.Value{11, 5, square}, "false"},
		{"geo_point_in_polygon", []value.Value{5, 5, bad}, "null"},
		{"geo_distance_point_to_polygon", []value.Value{5, -1, square}, quarter / 90},
		{"geo_distance_point_to_polygon", []value.Value{5, 3, square}, 0.0},
		{"geo_distance_point_to_polygon", []value.Value{5, 3, east}, "null"},
		{"geo_closest_point_on_polygon", []value.Value{-10, 0, square}, `{"type":"Point","coordinates":[0.0,0.0]}`},
		{"geo_closest_point_on_polygon", []value.Value{0, 0, js(`{"type":"Polygon","coordinates":[[[-1,-1],[1,-1],[1,1],[-1,1],[-1,-1]]]}`)}, `{"type":"Point","coordinates":[0.0,0.0]}`},
		{"geo_closest_point_on_polygon", []value.Value{200, 0, square}, "null"},
		{"geo_distance_point_to_line", []value.Value{5, 2, east}, quarter / 45},
		{"geo_distance_point_to_line", []value.Value{-3, 0, east}, quarter / 30},
		{"geo_distance_point_to_line", []value.Value{5, 2, short}, "null"},
		{"geo_closest_point_on_line", []value.Value{-3, 2, east}, `{"type":"Point","coordinates":[0.0,0.0]}`},
		{"geo_closest_point_on_line", []value.Value{0, 45, js(`{"type":"LineString","coordinates":[[-5,0],[5,0]]}`)}, `{"type":"Point","coordinates":[0.0,0.0]}`},
		{"geo_closest_point_on_line", []value.Value{5, 91, east}, "null"},
		{"geo_line_interpolate_point", []value.Value{js(`{"type":"LineString","coordinates":[[-5,0],[5,0]]}`), 0.5}, `{"type":"Point","coordinates":[0.0,0.0]}`},
		{"geo_line_interpolate_point", []value.Value{js(`{"type":"LineString","coordinates":[[0,-5],[0,0]]}`), 1}, `{"type":"Point","coordinates":[0.0,0.0]}`},
		{"geo_line_interpolate_point", []value.Value{east, 1.5}, "null"},
		{"geo_line_locate_point", []value.Value{east, 2.5, 3}, 0.25},
		{"geo_line_locate_point", []value.Value{corner, 10, 5}, 0.75},
		{"geo_line_locate_point", []value.Value{short, 1, 1}, "null"},
		{"geo_intersects_2lines", []value.Value{east, north}, "true"},
		{"geo_intersects_2lines", []value.Value{east, far}, "false"},
		{"geo_intersects_2lines", []value.Value{east, js(`{"type":"LineString","coordinates":[[10,0],[20,5]]}`)}, "true"},
		{"geo_intersects_2lines", []value.Value{east, square}, "null"},
		{"geo_intersects_line_with_polygon", []value.Value{north, square}, "true"},
		{"geo_intersects_line_with_polygon", []value.Value{js(`{"type":"LineString","coordinates":[[2,2],[3,3]]}`), square}, "true"},
		{"geo_intersects_line_with_polygon", []value.Value{far, square}, "false"},
		{"geo_intersects_2polygons", []value.Value{square, js(`{"type":"Polygon","coordinates":[[[5,5],[15,5],[15,15],[5,5]]]}`)}, "true"},
		{"geo_intersects_2polygons", []value.Value{square, js(`{"type":"Polygon","coordinates":[[[50,5],[55,5],[55,15],[50,5]]]}`)}, "false"},
		{"geo_intersects_2polygons", []value.Value{square, bad}, "null"},
		{"geo_point_to_geohash", []value.Value{-0.1275, 51.507222, 5}, `"gcpvj"`},
		{"geo_point_to_geohash", []value.Value{10.40744, 57.64911, 11}, `"u4pruydqqvj"`},
		{"geo_point_to_geohash", []value.Value{0, 0}, `"s0000"`},
		{"geo_point_to_geohash", []value.Value{0, 0, 19}, `""`},
		{"geo_geohash_to_central_point", []value.Value{"s"}, `{"type":"Point","coordinates":[22.5,22.5]}`},
		{"geo_geohash_to_central_point", []value.Value{"i"}, "null"},
		{"geo_geohash_to_central_point", []value.Value{""}, "null"},
		{"geo_geohash_to_polygon", []value.Value{"s"}, `{"type":"Polygon","coordinates":[[[0.0,0.0],[45.0,0.0],[45.0,45.0],[0.0,45.0],[0.0,0.0]]]}`},
		{"geo_geohash_to_polygon", []value.Value{"0"}, `{"type":"Polygon","coordinates":[[[-180.0,-90.0],[-135.0,-90.0],[-135.0,-45.0],[-180.0,-45.0],[-180.0,-90.0]]]}`},
		{"geo_geohash_to_polygon", []value.Value{"abc"}, "null"},
		{"geo_geohash_neighbors", []value.Value{"s"}, `["7","g","m","u","e","v","t","k"]`},
		{"geo_geohash_neighbors", []value.Value{"z"}, `["w","8","y","b","x"]`},
		{"geo_geohash_neighbors", []value.Value{"!"}, "null"},
		{"geo_from_wkt", []value.Value{"point(-1.5 2)"}, `{"type":"Point","coordinates":[-1.5,2]}`},
		{"geo_from_wkt", []value.Value{" POLYGON ((0 0, 1 0, 1 1, 0 0), (0 0, 2 0, 2 2, 0 0)) "}, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]],[[0,0],[2,0],[2,2],[0,0]]]}`},
		{"geo_from_wkt", []value.Value{"MULTIPOINT ((1 2), (3 4))"}, `{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`},
		{"geo_from_wkt", []value.Value{"GEOMETRYCOLLECTION (MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0))))"}, `{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}]}`},
		{"geo_from_wkt", []value.Value{"POINT (1)"}, "null"},
		{"geo_from_wkt", []value.Value{"POINT (1 2) and more"}, "null"},
	} {
		cases[c.name]++
		got := call(t, c.name, c.args...)
		if want, ok := c.want.(float64); ok {
			if f, ok := got.(float64); !ok || math.Abs(f-want) > 1e-9*math.Max(1, want) {
				t.Errorf("%s(%s) = %v, want %v", c.name, jsonOf(value.Array(c.args)), got, want)
			}
			continue
		}
		if text := jsonOf(rounded(got)); text != c.want {
			t.Errorf("%s(%s)\n got %s\nwant %s", c.name, jsonOf(value.Array(c.args)), text, c.want)
		}
	}
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range lib.ScalarNames() {
		if strings.HasPrefix(name, "geo_") && cases[name] < 3 {
			t.Errorf("%s has %d cases here, and must have 3", name, cases[name])
		}
	}
}

// rounded returns a value with its reals rounded to 9 digits after the point, without negative zeros.
func rounded(v value.Value) value.Value {
	switch v := v.(type) {
	case float64:
		return math.Round(v*1e9)/1e9 + 0
	case value.Array:
		out := make(value.Array, len(v))
		for i, e := range v {
			out[i] = rounded(e)
		}
		return out
	case *value.Bag:
		out := &value.Bag{}
		for i := range v.Len() {
			key, e := v.At(i)
			out.Set(key, rounded(e))
		}
		return out
	}
	return v
}

func TestGeohashesHoldTheirPoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		longitude, latitude := rapid.Float64Range(-180, 180).Draw(t, "longitude"), rapid.Float64Range(-90, 90).Draw(t, "latitude")
		n := rapid.IntRange(1, geohashMax).Draw(t, "n")
		hash := geohashOf(longitude, latitude, n)
		c, ok := cellOf(hash)
		if !ok || longitude < c.west || longitude > c.east || latitude < c.south || latitude > c.north {
			t.Fatalf("%s is %v, without %v %v", hash, c, longitude, latitude)
		}
		if n > 1 && geohashOf(longitude, latitude, n-1) != hash[:n-1] {
			t.Fatalf("%s does not begin with the shorter geohash", hash)
		}
	})
}

// TestNearestPointsAgreeWithTrying compares with many points of the segment.
func TestNearestPointsAgreeWithTrying(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := func(label string) place {
			p, _ := placeAt(rapid.Float64Range(-170, 170).Draw(t, label+" longitude"), rapid.Float64Range(-80, 80).Draw(t, label+" latitude"))
			return p
		}
		p, a, b := at("p"), at("a"), at("b")
		if a.angle(b) > 3 {
			return
		}
		foot, off := p.nearest(a, b)
		if math.Abs(p.angle(foot)-off) > 1e-9 {
			t.Fatalf("the nearest point is %v away, not %v", p.angle(foot), off)
		}
		best := math.Inf(1)
		for i := range 1001 {
			best = min(best, p.angle(a.along(b, float64(i)/1000)))
		}
		if off > best+1e-9 || off < best-0.01 {
			t.Fatalf("nearest %v, tried %v", off, best)
		}
	})
}

func FuzzGeoFromWKT(f *testing.F) {
	for _, s := range []string{"POINT (1 2)", "MULTIPOINT ((1 2), (3 4))", "GEOMETRYCOLLECTION (POINT (1 1))", "POLYGON ((", strings.Repeat("GEOMETRYCOLLECTION (", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := wktReader{rest: s}
		if g := r.geometry(0); g != nil {
			if kind, _ := geometry(g); kind == "" {
				t.Errorf("%q is read as a geometry without a type: %s", s, jsonOf(g))
			}
		}
	})
}
