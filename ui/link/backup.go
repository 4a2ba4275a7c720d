package link

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
)

// A Keeper is a [Backend] whose journal can be backed up while it sells. Backup
// writes into a new folder of the till's own machine, under the till's own user.
type Keeper interface {
	Backup(ctx context.Context, dir string) (BackedUp, error)
}

// BackupRequest names the folder, absolutely: the till's working folder is not the
// caller's.
type BackupRequest struct {
	Dir string `json:"dir"`
}

// BackedUp is what a backup holds.
type BackedUp struct {
	Dir   string `json:"dir"`
	Last  uint64 `json:"last"` // number of the last fact in it
	Head  string `json:"head"` // hash of that fact
	Files int    `json:"files"`
	Bytes int64  `json:"bytes"`
}

// backup makes a backup. It needs no lease: it changes nothing of the till.
func (s *server) backup(w http.ResponseWriter, r *http.Request) {
	keeper, keeps := s.backend.(Keeper)
	if !keeps {
		answerProblem(w, http.StatusNotFound, errors.New("this till keeps no journal"))
		return
	}
	var request BackupRequest
	err := read(r, &request)
	if err == nil && !filepath.IsAbs(request.Dir) {
		err = fmt.Errorf("back up to %q: the folder's path must begin with /", request.Dir)
	}
	if err != nil {
		answerProblem(w, http.StatusBadRequest, err)
		return
	}
	made, err := keeper.Backup(r.Context(), request.Dir)
	if err != nil {
		s.log.Error("no backup was made", "dir", request.Dir, "cause", err)
		answerProblem(w, http.StatusConflict, err)
		return
	}
	s.log.Info("backup made", "dir", made.Dir, "last", made.Last, "bytes", made.Bytes)
	answer(w, http.StatusOK, made)
}

// Backup asks for a backup of the till's journal into a new folder there; it takes as
// long as the journal is large, and ends with ctx.
func (c *Client) Backup(ctx context.Context, dir string) (BackedUp, error) {
	var made BackedUp
	_, err := c.call(ctx, http.MethodPost, "backup", BackupRequest{Dir: dir}, &made)
	return made, err
}
