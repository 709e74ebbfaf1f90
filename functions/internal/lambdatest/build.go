package lambdatest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds a function's package, such as "coatcheck/functions/login", as it is
// deployed but for this machine, and returns the path of its bootstrap file under
// dir.
func Build(dir, pkg string) (bootstrap string, err error) {
	bootstrap = filepath.Join(dir, filepath.Base(pkg), "bootstrap")
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", bootstrap, pkg) //nolint:gosec // G204: a test names the package
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return bootstrap, nil
}
