package main

import (
	"encoding/json"

	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	argodiff "github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/gitops-engine/pkg/utils/tracing"
	jsonpatch "github.com/evanphx/json-patch"
	"github.com/go-logr/logr"
)

// Comparison says whether an object is as Git has it.
type Comparison struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Synced bool   `json:"synced"`
	// Difference is the merge patch that would lead from the live object to what Argo CD wants.
	Difference json.RawMessage `json:"difference"`
}

func (a *app) diff() ([]Comparison, error) {
	config, cleanup, err := a.diffConfig()
	if err != nil {
		return nil, err
	}
	defer cleanup()
	comparisons := []Comparison{}
	for i, target := range a.targets {
		result, err := argodiff.StateDiff(a.lives[i], target, config)
		if err != nil {
			return nil, err
		}
		difference, err := jsonpatch.CreateMergePatch(result.NormalizedLive, result.PredictedLive)
		if err != nil {
			return nil, err
		}
		comparisons = append(comparisons, Comparison{
			Kind:       target.GetKind(),
			Name:       target.GetName(),
			Synced:     !result.Modified,
			Difference: difference,
		})
	}
	return comparisons, nil
}

// diffConfig is what CompareAppState (controller/state.go) makes of an Application, with an argocd-cm that is empty.
func (a *app) diffConfig() (argodiff.DiffConfig, func(), error) {
	status := v1alpha1.OverrideIgnoreDiff{JSONPointers: []string{"/status"}}
	overrides := map[string]v1alpha1.ResourceOverride{"*/*": {IgnoreDifferences: status}}
	builder := argodiff.NewDiffConfigBuilder().
		WithDiffSettings(a.options.ignoreDifferences, overrides, false, normalizers.IgnoreNormalizerOpts{}).
		WithTracking(common.LabelKeyAppInstance, string(v1alpha1.TrackingMethodAnnotation)).
		WithNoCache().
		WithGVKParser(a.parser).
		WithManager(common.ArgoCDSSAManager).
		WithServerSideDiff(a.options.serverSideDiff).
		WithStructuredMergeDiff(a.options.serverSideApply)
	cleanup := func() {}
	if a.options.serverSideDiff {
		applier, remove, err := kube.ManageServerSideDiffDryRuns(
			a.config, a.schema, tracing.NopTracer{}, logr.Discard(), nil)
		if err != nil {
			return nil, nil, err
		}
		cleanup = remove
		builder.WithServerSideDryRunner(diff.NewK8sServerSideDryRunner(applier))
	}
	config, err := builder.Build()
	return config, cleanup, err
}
