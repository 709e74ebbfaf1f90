package bench_test

import (
	"os"
	"path"
	"testing"
)

// BenchmarkSize reports the bytes of each binary, stripped as it is deployed but for
// this machine.
func BenchmarkSize(b *testing.B) {
	size := map[string]float64{}
	for _, pkg := range []string{oursPackage, "coatcheck/functions/login", "coatcheck/functions/admin", plainPackage} {
		info, err := os.Stat(bootstrap(b, pkg))
		if err != nil {
			b.Fatal(err)
		}
		size[pkg] = float64(info.Size())
		b.ReportMetric(size[pkg], path.Base(pkg)+"-bytes")
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(size[oursPackage]/size[plainPackage], "ratio")
}
