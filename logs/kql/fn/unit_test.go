package fn

import (
	"math"
	"strings"
	"testing"

	"github.com/endscope/endscope/logs/kql/value"
)

func TestUnitConvert(t *testing.T) {
	tests := []struct {
		quantity string
		x        float64
		from, to string
		want     float64
	}{
		{"angle", 180, "Degree", "Radian", math.Pi},
		{"angle", 1, "Revolution", "NatoMil", 6400},
		{"angle", 30, "Degree", "Tilt", 0.5},
		{"angle", 1, "Tilt", "Gradian", 100},
		{"angle", 2, "Milliradian", "Microradian", 2000},
		{"energy", 1, "KilowattHour", "Megajoule", 3.6},
		{"energy", 1, "Kilocalorie", "Joule", 4184},
		{"energy", 1, "FootPound", "Joule", 1.3558179483314},
		{"energy", 10, "ThermUs", "DecathermUs", 1},
		{"energy", 1, "HorsepowerHour", "WattHour", 745.69987158227},
		{"energy", 1, "MegabritishThermalUnit", "KilobritishThermalUnit", 1000},
		{"energy", 1, "GigaelectronVolt", "ElectronVolt", 1e9},
		{"force", 1, "PoundForce", "Newton", 4.4482216152605},
		{"force", 1, "KiloPond", "Dyn", 980665},
		{"force", 1, "TonneForce", "KilogramForce", 1000},
		{"force", 2, "KilopoundForce", "ShortTonForce", 1},
		{"force", 1, "Poundal", "Millinewton", 138.254954376},
		{"length", 1, "Mile", "Kilometer", 1.609344},
		{"length", 1, "Inch", "Twip", 1440},
		{"length", 1, "Fathom", "Foot", 6},
		{"length", 1, "Parsec", "LightYear", 3.26156377716743},
		{"length", 1, "NauticalMile", "Meter", 1852},
		{"length", 3, "Microinch", "Nanometer", 76.2},
		{"length", 1, "MegalightYear", "KilolightYear", 1000},
		{"length", 12, "PrinterPoint", "PrinterPica", 1},
		{"length", 3937, "UsSurveyFoot", "Meter", 1200},
		{"mass", 1, "Stone", "Pound", 14},
		{"mass", 1, "LongTon", "LongHundredweight", 20},
		{"mass", 1, "Slug", "Kilogram", 14.5939029372064},
		{"mass", 1, "SolarMass", "EarthMass", 332954.355178996},
		{"mass", 1, "Kilotonne", "Megapound", 2.20462262184878},
		{"mass", 7000, "Grain", "Pound", 1},
		{"speed", 36, "KilometerPerHour", "MeterPerSecond", 10},
		{"speed", 1, "Knot", "KilometerPerHour", 1.852},
		{"speed", 60, "MilePerHour", "FootPerSecond", 88},
		{"speed", 1, "YardPerMinute", "InchPerSecond", 0.6},
		{"speed", 1, "UsSurveyFootPerSecond", "MillimeterPerHour", 1200.0 / 3937 * 3.6e6},
		{"temperature", 100, "DegreeCelsius", "DegreeFahrenheit", 212},
		{"temperature", -40, "DegreeFahrenheit", "DegreeCelsius", -40},
		{"temperature", 0, "Kelvin", "DegreeCelsius", -273.15},
		{"temperature", 491.67, "DegreeRankine", "Kelvin", 273.15},
		{"temperature", 80, "DegreeReaumur", "DegreeCelsius", 100},
		{"temperature", 60, "DegreeRoemer", "DegreeCelsius", 100},
		{"temperature", 33, "DegreeNewton", "DegreeCelsius", 100},
		{"temperature", 150, "DegreeDelisle", "DegreeCelsius", 0},
		{"temperature", 1, "SolarTemperature", "Kelvin", 5778},
		{"temperature", 500, "MillidegreeCelsius", "DegreeCelsius", 0.5},
		{"volume", 1, "UsGallon", "Liter", 3.785411784},
		{"volume", 1, "UsGallon", "UsTeaspoon", 768},
		{"volume", 1, "OilBarrel", "UsGallon", 42},
		{"volume", 1, "ImperialGallon", "ImperialPint", 8},
		{"volume", 1, "CubicMile", "CubicKilometer", 4.16818182544058},
		{"volume", 12, "BoardFoot", "CubicFoot", 1},
		{"volume", 1, "HectocubicFoot", "CubicInch", 172800},
		{"volume", 1, "KiloimperialGallon", "MegaimperialGallon", 0.001},
		{"volume", 1, "DecausGallon", "DeciusGallon", 100},
		{"volume", 3, "MetricTeaspoon", "UkTablespoon", 1},
	}
	runCalls(t, []callCase{
		does("4320000.0", "convert_speed", 12.0, "MeterPerSecond", "CentimeterPerHour"),
		does("0.3", "convert_length", 3.0, "Decimeter", "Meter"),
		does(`"Infinity"`, "convert_length", math.Inf(1), "Meter", "Mile"),
	})
	for _, tt := range tests {
		got := call(t, "convert_"+tt.quantity, tt.x, tt.from, tt.to).(float64)
		if math.Abs(got-tt.want) > 1e-12*math.Max(math.Abs(tt.want), 1) {
			t.Errorf("%v %s are %v %s, want %v", tt.x, tt.from, got, tt.to, tt.want)
		}
		back := call(t, "convert_"+tt.quantity, got, tt.to, tt.from).(float64)
		if math.Abs(back-tt.x) > 1e-9*math.Max(math.Abs(tt.x), 1) {
			t.Errorf("%v %s are %v %s, and back %v", tt.x, tt.from, got, tt.to, back)
		}
		runCalls(t, []callCase{
			does("null", "convert_"+tt.quantity, tt.x, tt.from, "Furlong"),
			does("null", "convert_"+tt.quantity, tt.x, strings.ToLower(tt.from), tt.to),
			does(show(tt.x), "convert_"+tt.quantity, tt.x, tt.from, tt.from),
			does("null", "convert_"+tt.quantity, value.Value(nil), tt.from, tt.to),
		})
	}
}
