package signin

import "context"

// MaxUsers is the most users of a page.
const MaxUsers = 200

// Users returns a page of users in the byte order of their subjects, those after a
// subject; "" begins. more says that there are others. The list may lag.
func (d *Directory) Users(ctx context.Context, after string, limit int) (page []Account, more bool, err error) {
	if limit < 1 || limit > MaxUsers {
		return nil, false, invalid("limit is %d: want 1 to %d", limit, MaxUsers)
	}
	page, err = d.accounts.List(ctx, after, limit+1)
	if err != nil {
		return nil, false, fault("list users", err)
	}
	if len(page) > limit {
		return page[:limit], true, nil
	}
	return page, false, nil
}
