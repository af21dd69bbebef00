package fn

import (
	"math"
	"strconv"

	"github.com/endscope/endscope/logs/kql/value"
)

// unitFunctions convert between units. The result is null where the name of a unit, which is case-sensitive, is not known.
func unitFunctions() []Scalar {
	return []Scalar{
		convertUnits("angle", angleUnit),
		convertUnits("energy", scaled(energyUnit)),
		convertUnits("force", scaled(forceUnit)),
		convertUnits("length", scaled(lengthUnit)),
		convertUnits("mass", scaled(massUnit)),
		convertUnits("speed", scaled(speedUnit)),
		convertUnits("temperature", temperatureUnit),
		convertUnits("volume", scaled(volumeUnit)),
	}
}

// unit converts a quantity to and from its base unit.
type unit struct {
	toBase, fromBase func(x float64) float64
}

// scaled makes units of a factor to the base unit, which is 0 for an unknown name.
func scaled(factor func(name string) float64) func(name string) (unit, bool) {
	return func(name string) (unit, bool) {
		f := factor(name)
		return unit{func(x float64) float64 { return x * f }, func(x float64) float64 { return x / f }}, f != 0
	}
}

func convertUnits(quantity string, find func(name string) (unit, bool)) Scalar {
	return Scalar{
		Signature: Signature{
			Text: "convert_" + quantity + "(value: real, from: string, to: string): real",
			Help: "Converts a " + quantity + " from one unit to another.",
		},
		Make: simple(func(a []value.Value) value.Value {
			from, ok := find(a[1].(string))
			to, known := find(a[2].(string))
			switch {
			case !ok || !known:
				return nil
			case a[1] == a[2]:
				return a[0]
			}
			return roundTo15(to.fromBase(from.toBase(a[0].(float64))))
		}),
	}
}

// roundTo15 rounds to 15 digits, which hides that factors such as 0.01 are not exact in binary: 12 m/s are 4320000 cm/h, not 4319999.9999999991.
func roundTo15(x float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 14, 64), 64)
	if err != nil {
		return x // infinite
	}
	return r
}

// angleUnit has the radian as its base. Tilt is the sine of an angle.
func angleUnit(name string) (unit, bool) {
	if name == "Tilt" {
		return unit{math.Asin, math.Sin}, true
	}
	return scaled(func(name string) float64 {
		const degree = math.Pi / 180
		switch name {
		case "Radian":
			return 1
		case "Deciradian":
			return 1e-1
		case "Centiradian":
			return 1e-2
		case "Milliradian":
			return 1e-3
		case "Microradian":
			return 1e-6
		case "Nanoradian":
			return 1e-9
		case "Degree":
			return degree
		case "Millidegree":
			return degree * 1e-3
		case "Microdegree":
			return degree * 1e-6
		case "Nanodegree":
			return degree * 1e-9
		case "Arcminute":
			return degree / 60
		case "Arcsecond":
			return degree / 3600
		case "Gradian":
			return math.Pi / 200
		case "NatoMil":
			return math.Pi / 3200
		case "Revolution":
			return 2 * math.Pi
		}
		return 0
	})(name)
}

// temperatureUnit has the kelvin as its base. A solar temperature is that of the sun's surface, 5778 K.
func temperatureUnit(name string) (unit, bool) {
	linear := func(factor, offset float64) (unit, bool) { // kelvin = x*factor + offset
		fromBase := func(k float64) float64 {
			above := k - offset
			if math.Abs(above) < 1e-13*offset {
				above = 0 // what the rounding of k leaves of 32 degrees Fahrenheit in Celsius
			}
			return above / factor
		}
		return unit{func(x float64) float64 { return x*factor + offset }, fromBase}, true
	}
	switch name {
	case "Kelvin":
		return linear(1, 0)
	case "DegreeCelsius":
		return linear(1, 273.15)
	case "MillidegreeCelsius":
		return linear(1e-3, 273.15)
	case "DegreeDelisle":
		return linear(-2.0/3, 373.15)
	case "DegreeFahrenheit":
		return linear(5.0/9, 459.67*5/9)
	case "DegreeNewton":
		return linear(100.0/33, 273.15)
	case "DegreeRankine":
		return linear(5.0/9, 0)
	case "DegreeReaumur":
		return linear(5.0/4, 273.15)
	case "DegreeRoemer":
		return linear(40.0/21, 273.15-7.5*40/21)
	case "SolarTemperature":
		return linear(5778, 0)
	}
	return unit{}, false
}
