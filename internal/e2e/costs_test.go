package e2e

import (
	"fmt"
	"strconv"
	"testing"
)

// use is what one thing is used for: so much a day whatever happens, and so much an article.
type use struct {
	what    string
	unit    string
	price   float64 // US dollars a unit
	daily   float64 // units a day without any article
	article float64 // units an article
}

// seconds of a function at a memory in MB, as GB-seconds; calls are n.
func gbs(n, seconds, megabytes float64) float64 { return n * seconds * megabytes / 1024 }

// uses is the formula of the cost table in docs/aws.md: prices of us-east-1 in 2026 without free tiers, an article being one and
// a half deliveries (half are changed once), two cards, four channels, ten views at the desk and 200 cards of 100 KB shown.
var uses = []use{
	{"Webhook", "GB-s", 0.0000133334, gbs(1440, 0.1, 512), gbs(1.5, 0.2, 512)},
	{"Render", "GB-s", 0.0000133334, gbs(288, 0.5, 1024), gbs(2, 0.6, 1024)},
	{"Post", "GB-s", 0.0000133334, gbs(1440+288, 0.2, 256), gbs(5, 2, 256)},
	{"Desk", "GB-s", 0.0000133334, 0, gbs(10, 0.2, 512)},
	{"calls of functions", "", 0.20 / 1e6, 2*1440 + 2*288, 20},
	{"S3, written and listed", "", 5.0 / 1e6, 2*1440 + 288*12, 31},
	{"S3, read", "", 0.40 / 1e6, 4 * 1440, 110},
	{"S3, kept for a year", "GB-months", 0.023, 0, 0.0006 * 12},
	{"SQS", "", 0.40 / 1e6, 40_000, 12},
	{"HTTP API", "", 1.00 / 1e6, 0, 30},
	{"CloudFront", "GB", 0.085, 0, 200 * 0.0001},
	{"logs", "GB", 0.50, 0.003, 0.00003},
	{"metrics and alarms", "a month", 1, (6*0.30 + 11*0.10) / 30, 0},
}

// plainNumber writes a number with four digits that count, and never with an exponent.
func plainNumber(x float64) string {
	if x >= 1000 {
		return fmt.Sprintf("%.0f", x)
	}
	short, err := strconv.ParseFloat(fmt.Sprintf("%.4g", x), 64)
	if err != nil {
		panic(err) // what Sprintf wrote is a number
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// TestCosts holds the cost table in docs/aws.md to its formula.
func TestCosts(t *testing.T) {
	days := []float64{100, 1000, 10_000}
	table := "| a month | daily, and an article | at 100 a day | 1,000 | 10,000 |\n|---|---|---|---|---|\n"
	var sums [3]float64
	for _, u := range uses {
		unit, price := u.unit, u.price
		if unit == "" {
			unit, price = "at a million for", price*1e6
		} else {
			unit += " at"
		}
		table += fmt.Sprintf("| %s | %s + %s, %s $%s |", u.what, plainNumber(u.daily), plainNumber(u.article), unit, plainNumber(price))
		for i, d := range days {
			cost := 30 * (u.daily + u.article*d) * u.price
			sums[i] += cost
			table += fmt.Sprintf(" %.2f |", cost)
		}
		table += "\n"
	}
	table += fmt.Sprintf("| **in all, US dollars** | | **%.2f** | **%.2f** | **%.2f** |\n", sums[0], sums[1], sums[2])
	if sums[0] > 20 {
		t.Errorf("a small newsroom pays $%.2f a month: that is no pennies", sums[0])
	}
	holds(t, "costs", table, 0)
}
