package fn

import (
	"math"
	"strings"

	"github.com/endscope/endscope/logs/kql/value"
)

// geohashDigits are the digits of a geohash: five bits each, longitude and latitude in turn.
const geohashDigits = "0123456789bcdefghjkmnpqrstuvwxyz"

// geohashMax is the greatest number of digits.
const geohashMax = 18

// geohashCell is the rectangle of degrees that a geohash names.
type geohashCell struct{ west, east, south, north float64 }

// geohashOf returns the geohash of n digits that holds a point; "" if the point or n are out of range.
func geohashOf(longitude, latitude float64, n int) string {
	if _, ok := placeAt(longitude, latitude); !ok || n < 1 || n > geohashMax {
		return ""
	}
	c := geohashCell{-180, 180, -90, 90}
	var out strings.Builder
	for i := range n {
		digit := 0
		for bit := range 5 {
			low, high, at := &c.west, &c.east, longitude
			if (5*i+bit)%2 == 1 {
				low, high, at = &c.south, &c.north, latitude
			}
			digit *= 2
			if middle := (*low + *high) / 2; at >= middle {
				digit++
				*low = middle
			} else {
				*high = middle
			}
		}
		out.WriteByte(geohashDigits[digit])
	}
	return out.String()
}

// cellOf returns the rectangle of a geohash; false means that it is none.
func cellOf(hash string) (geohashCell, bool) {
	c := geohashCell{-180, 180, -90, 90}
	if hash == "" || len(hash) > geohashMax {
		return c, false
	}
	for i, r := range []byte(strings.ToLower(hash)) {
		digit := strings.IndexByte(geohashDigits, r)
		if digit < 0 {
			return c, false
		}
		for bit := range 5 {
			low, high := &c.west, &c.east
			if (5*i+bit)%2 == 1 {
				low, high = &c.south, &c.north
			}
			if middle := (*low + *high) / 2; digit>>(4-bit)&1 == 1 {
				*low = middle
			} else {
				*high = middle
			}
		}
	}
	return c, true
}

func geohashFunctions() []Scalar {
	ofCell := func(text, help string, f func(hash string, c geohashCell) value.Value) Scalar {
		return Scalar{Signature: Signature{Text: text, Help: help}, Make: simple(func(a []value.Value) value.Value {
			hash := a[0].(string)
			if c, ok := cellOf(hash); ok {
				return f(hash, c)
			}
			return nil
		})}
	}
	return []Scalar{
		{
			Signature: Signature{Text: "geo_point_to_geohash(longitude: real, latitude: real, [accuracy: long]): string",
				Help: "Returns the geohash that holds a point, of 1 to 18 digits (5 if left out)."},
			Make: simple(func(a []value.Value) value.Value {
				n := int64(5)
				if len(a) > 2 {
					n = a[2].(int64)
				}
				return geohashOf(a[0].(float64), a[1].(float64), int(min(max(n, 0), geohashMax+1)))
			}),
		},
		ofCell("geo_geohash_to_central_point(geohash: string): dynamic", "Returns the point in the middle of a geohash.", func(_ string, c geohashCell) value.Value {
			return geoJSON("Point", value.Array{(c.west + c.east) / 2, (c.south + c.north) / 2})
		}),
		ofCell("geo_geohash_to_polygon(geohash: string): dynamic", "Returns the rectangle of a geohash.", func(_ string, c geohashCell) value.Value {
			corner := func(longitude, latitude float64) value.Value { return value.Array{longitude, latitude} }
			return geoJSON("Polygon", value.Array{value.Array{corner(c.west, c.south), corner(c.east, c.south), corner(c.east, c.north),
				corner(c.west, c.north), corner(c.west, c.south)}})
		}),
		ofCell("geo_geohash_neighbors(geohash: string): dynamic", "Returns the geohashes around a geohash.", func(hash string, c geohashCell) value.Value {
			out := value.Array{}
			width, height := c.east-c.west, c.north-c.south
			for _, step := range [8][2]float64{{-1, -1}, {-1, 1}, {1, -1}, {0, 1}, {-1, 0}, {1, 1}, {1, 0}, {0, -1}} {
				longitude, latitude := (c.west+c.east)/2+step[0]*width, (c.south+c.north)/2+step[1]*height
				if math.Abs(latitude) > 90 {
					continue // nothing lies beyond a pole
				}
				if longitude > 180 {
					longitude -= 360
				} else if longitude < -180 {
					longitude += 360
				}
				out = append(out, geohashOf(longitude, latitude, len(hash)))
			}
			return out
		}),
	}
}
