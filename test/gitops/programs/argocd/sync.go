package main

import (
	"encoding/json"
	"fmt"

	"github.com/argoproj/argo-cd/v3/common"
	argodiff "github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/gitops-engine/pkg/sync"
	synccommon "github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/argoproj/gitops-engine/pkg/utils/kube/scheme"
	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// Synced is what became of one object.
type Synced struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

// sync does what SyncAppState (controller/sync.go) does for a sync without hooks, waves and pruning.
func (a *app) sync() ([]Synced, error) {
	result := sync.ReconciliationResult{Live: a.lives, Target: a.targets}
	if a.options.respectIgnoreDifferences {
		targets, err := a.normalizedTargets()
		if err != nil {
			return nil, err
		}
		result.Target = targets
	}
	context, cleanup, err := sync.NewSyncContext("HEAD", result, a.config, a.config, a.kubectl, "default", a.schema,
		sync.WithLogr(logr.Discard()),
		sync.WithOperationSettings(false, false, false, true),
		sync.WithServerSideApply(a.options.serverSideApply),
		sync.WithServerSideApplyManager(common.ArgoCDSSAManager),
		sync.WithClientSideApplyMigration(true, synccommon.DefaultClientSideApplyMigrationManager),
	)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	context.Sync()
	phase, message, resources := context.GetState()
	if phase != synccommon.OperationSucceeded {
		return nil, fmt.Errorf("%s: %s %v", phase, message, resources)
	}
	synced := []Synced{}
	for _, resource := range resources {
		synced = append(synced, Synced{
			Kind:    resource.ResourceKey.Kind,
			Name:    resource.ResourceKey.Name,
			Status:  string(resource.Status),
			Message: resource.Message,
		})
	}
	return synced, nil
}

// normalizedTargets has what is ignored at its live value. It is normalizeTargetResources of controller/sync.go, which is not
// exported, for kinds that Kubernetes brings.
func (a *app) normalizedTargets() ([]*unstructured.Unstructured, error) {
	config, cleanup, err := a.diffConfig()
	if err != nil {
		return nil, err
	}
	defer cleanup()
	normalized, err := argodiff.Normalize(a.lives, a.targets, config)
	if err != nil {
		return nil, err
	}
	targets := []*unstructured.Unstructured{}
	for i, live := range a.lives {
		target := a.targets[i]
		if live != nil {
			if target, err = withIgnored(normalized.Targets[i], normalized.Lives[i], live); err != nil {
				return nil, err
			}
		}
		targets = append(targets, target)
	}
	return targets, nil
}

// withIgnored puts into the target what the normalized live object lacks of the live one.
func withIgnored(target, normalizedLive, live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	versioned, err := scheme.Scheme.New(target.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	lookup, err := strategicpatch.NewPatchMetaFromStruct(versioned)
	if err != nil {
		return nil, err
	}
	texts := [][]byte{}
	for _, object := range []*unstructured.Unstructured{target, normalizedLive, live} {
		text, err := object.MarshalJSON()
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(texts[2], texts[2], texts[1], lookup, true)
	if err != nil {
		return nil, err
	}
	patched, err := strategicpatch.StrategicMergePatch(texts[0], patch, versioned)
	if err != nil {
		return nil, err
	}
	result := &unstructured.Unstructured{}
	return result, json.Unmarshal(patched, &result.Object)
}
