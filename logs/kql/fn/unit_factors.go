package fn

import "strings"

// The factors of units to the base unit of their quantity, by the international definitions unless a comment says otherwise; 0 is no unit.

const (
	poundKilograms = 0.45359237
	gravity        = 9.80665 // metres per second squared
	usGallon       = 231 * 0.0254 * 0.0254 * 0.0254
	ukGallon       = 4.54609e-3
	foot           = 0.3048
	surveyFoot     = 1200.0 / 3937
)

// withPrefix resolves a metric prefix before the name of a unit: Kilometer of Meter.
func withPrefix(name string, base func(string) float64) float64 {
	if f := base(name); f != 0 {
		return f
	}
	for _, p := range []struct {
		name   string
		factor float64
	}{
		{"Nano", 1e-9}, {"Micro", 1e-6}, {"Milli", 1e-3}, {"Centi", 1e-2}, {"Deci", 1e-1}, {"Deca", 1e1}, {"Hecto", 1e2}, {"Kilo", 1e3},
		{"Mega", 1e6}, {"Giga", 1e9}, {"Tera", 1e12},
	} {
		rest, ok := strings.CutPrefix(name, p.name)
		if !ok || rest == "" {
			continue
		}
		if f := base(strings.ToUpper(rest[:1]) + rest[1:]); f != 0 {
			return p.factor * f
		}
	}
	return 0
}

// energyUnit is in joules.
func energyUnit(name string) float64 {
	return withPrefix(name, func(name string) float64 {
		const therm = 1.05505585262e8 // by the International Table, as of the European Community
		switch name {
		case "Joule":
			return 1
		case "WattHour":
			return 3600
		case "WattDay":
			return 86400
		case "HorsepowerHour":
			return 745.6998715822702 * 3600
		case "Calorie":
			return 4.184
		case "BritishThermalUnit":
			return 1055.05585262
		case "ThermEc":
			return therm
		case "ThermImperial":
			return 1.05505585257348e8
		case "ThermUs":
			return 1.054804e8
		case "DecathermEc":
			return 10 * therm
		case "DecathermImperial":
			return 1.05505585257348e9
		case "DecathermUs":
			return 1.054804e9
		case "ElectronVolt":
			return 1.602176634e-19
		case "Erg":
			return 1e-7
		case "FootPound":
			return foot * poundKilograms * gravity
		}
		return 0
	})
}

// forceUnit is in newtons.
func forceUnit(name string) float64 {
	return withPrefix(name, func(name string) float64 {
		switch name {
		case "Newton":
			return 1
		case "Dyn":
			return 1e-5
		case "KilogramForce", "KiloPond":
			return gravity
		case "TonneForce":
			return 1000 * gravity
		case "OunceForce":
			return poundKilograms * gravity / 16
		case "PoundForce":
			return poundKilograms * gravity
		case "ShortTonForce":
			return 2000 * poundKilograms * gravity
		case "Poundal":
			return poundKilograms * foot
		}
		return 0
	})
}

// lengthUnit is in metres.
func lengthUnit(name string) float64 {
	return withPrefix(name, func(name string) float64 {
		switch name {
		case "Meter":
			return 1
		case "Angstrom":
			return 1e-10
		case "AstronomicalUnit":
			return 1.495978707e11
		case "LightYear":
			return 9.4607304725808e15
		case "Parsec":
			return 3.0856775814913673e16
		case "SolarRadius":
			return 6.957e8
		case "Inch":
			return 0.0254
		case "Mil":
			return 2.54e-5
		case "Hand":
			return 0.1016
		case "Foot":
			return foot
		case "UsSurveyFoot":
			return surveyFoot
		case "Yard":
			return 0.9144
		case "Fathom":
			return 1.8288
		case "Chain":
			return 20.1168
		case "Shackle":
			return 27.432
		case "Mile":
			return 1609.344
		case "NauticalMile":
			return 1852
		case "DataMile":
			return 1828.8
		case "DtpPica":
			return 0.0254 / 6
		case "DtpPoint":
			return 0.0254 / 72
		case "PrinterPica":
			return 12 * 0.0254 / 72.27
		case "PrinterPoint":
			return 0.0254 / 72.27
		case "Twip":
			return 0.0254 / 1440
		}
		return 0
	})
}

// massUnit is in kilograms.
func massUnit(name string) float64 {
	return withPrefix(name, func(name string) float64 {
		switch name {
		case "Gram":
			return 1e-3
		case "Tonne":
			return 1e3
		case "Grain":
			return poundKilograms / 7000
		case "Ounce":
			return poundKilograms / 16
		case "Pound":
			return poundKilograms
		case "Stone":
			return 14 * poundKilograms
		case "Slug":
			return poundKilograms * gravity / foot
		case "ShortHundredweight":
			return 100 * poundKilograms
		case "LongHundredweight":
			return 112 * poundKilograms
		case "ShortTon":
			return 2000 * poundKilograms
		case "LongTon":
			return 2240 * poundKilograms
		case "EarthMass":
			return 5.9722e24
		case "SolarMass":
			return 1.98847e30
		}
		return 0
	})
}

// speedUnit is in metres per second.
func speedUnit(name string) float64 {
	switch name {
	case "Knot":
		return 1852.0 / 3600
	case "MilePerHour":
		return 1609.344 / 3600
	}
	length, per, ok := strings.Cut(name, "Per")
	if !ok || length == "Mile" {
		return 0
	}
	seconds := map[string]float64{"Second": 1, "Minute": 60, "Hour": 3600}[per]
	if seconds == 0 {
		return 0
	}
	metres := withPrefix(length, func(name string) float64 {
		switch name {
		case "Meter":
			return 1
		case "Foot":
			return foot
		case "Inch":
			return 0.0254
		case "UsSurveyFoot":
			return surveyFoot
		case "Yard":
			return 0.9144
		}
		return 0
	})
	return metres / seconds
}

// volumeUnit is in cubic metres.
func volumeUnit(name string) float64 {
	if side, ok := strings.CutPrefix(name, "Cubic"); ok {
		f := lengthUnit(side)
		return f * f * f
	}
	return withPrefix(name, func(name string) float64 {
		switch name {
		case "Liter":
			return 1e-3
		case "CubicMeter":
			return 1
		case "CubicFoot":
			return foot * foot * foot
		case "AcreFoot":
			return 1 / 0.000810714 // as the service has it; by definition it is 1233.48183754752
		case "AuTablespoon":
			return 20e-6
		case "BoardFoot":
			return foot * foot * foot / 12
		case "ImperialBeerBarrel":
			return 36 * ukGallon
		case "ImperialGallon":
			return ukGallon
		case "ImperialPint":
			return ukGallon / 8
		case "ImperialOunce":
			return ukGallon / 160
		case "MetricCup":
			return 250e-6
		case "MetricTeaspoon":
			return 5e-6
		case "OilBarrel":
			return 42 * usGallon
		case "UkTablespoon":
			return 15e-6
		case "UsBeerBarrel":
			return 31 * usGallon
		case "UsGallon":
			return usGallon
		case "UsQuart":
			return usGallon / 4
		case "UsPint":
			return usGallon / 8
		case "UsCustomaryCup":
			return usGallon / 16
		case "UsLegalCup":
			return 240e-6
		case "UsOunce":
			return usGallon / 128
		case "UsTablespoon":
			return usGallon / 256
		case "UsTeaspoon":
			return usGallon / 768
		}
		return 0
	})
}
