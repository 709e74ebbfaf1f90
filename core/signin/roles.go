package signin

import (
	"slices"
	"strings"

	"coatcheck/core/session"
)

// The roles of the product itself: what their holders may do with other people's
// sessions and accounts. Each includes the one before it. All other names are the
// application's own roles.
const (
	// RoleViewer may see everybody's sessions.
	RoleViewer = RolePrefix + "viewer"
	// RoleOperator may end them, too.
	RoleOperator = RolePrefix + "operator"
	// RoleOwner may add and change users, act as one, and end everybody's sessions.
	RoleOwner = RolePrefix + "owner"

	// RolePrefix begins the product's own roles, and no other.
	RolePrefix = "coatcheck:"
)

// Satisfying returns the roles that satisfy a demand for a role, for
// session.Demand.AnyRole: an owner is an operator, too, and an operator a viewer. A
// role of the application is satisfied by itself alone.
func Satisfying(role string) []string {
	switch role {
	case RoleViewer:
		return []string{RoleViewer, RoleOperator, RoleOwner}
	case RoleOperator:
		return []string{RoleOperator, RoleOwner}
	}
	return []string{role}
}

// CheckRoles reports, wrapped in session.ErrInvalid, roles that no user may be given:
// more than a session carries, names out of bounds, the same one twice, or one that
// begins like the product's own and is none.
func CheckRoles(roles []string) error {
	if err := session.ValidateRoles(roles); err != nil {
		return err
	}
	for i, role := range roles {
		if slices.Contains(roles[:i], role) {
			return invalid("role %q is given twice: name it once", role)
		}
		if strings.HasPrefix(role, RolePrefix) && role != RoleViewer && role != RoleOperator && role != RoleOwner {
			return invalid("role %q: those that begin with %q are %s, %s and %s", role, RolePrefix, RoleViewer, RoleOperator, RoleOwner)
		}
	}
	return nil
}
