// Command flux applies the manifests on its standard input as Flux's kustomize-controller does with what it built from Git, and
// prints what that changed, as JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/jsondiff"
	"github.com/fluxcd/pkg/ssa/normalize"
	"github.com/fluxcd/pkg/ssa/utils"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// Names of kustomize-controller.
	controller = "kustomize-controller"
	group      = "kustomize.toolkit.fluxcd.io"
)

// Change is what became of one object: created, configured, unchanged or skipped.
type Change struct {
	Subject string `json:"subject"`
	Action  string `json:"action"`
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of a kubeconfig")
	ignore := flag.String("ignore", "[]", "spec.ignore of the Kustomization, as JSON")
	flag.Parse()
	changes, err := run(context.Background(), *kubeconfig, *ignore)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(changes)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig, ignore string) ([]Change, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	cluster, err := client.New(config, client.Options{})
	if err != nil {
		return nil, err
	}
	objects, err := utils.ReadObjects(os.Stdin)
	if err != nil {
		return nil, err
	}
	if err := normalize.UnstructuredList(objects); err != nil {
		return nil, err
	}
	options, err := optionsOf(ignore)
	if err != nil {
		return nil, err
	}
	manager := ssa.NewResourceManager(cluster, nil, ssa.Owner{Field: controller, Group: group})
	manager.SetOwnerLabels(objects, "app", "flux-system")
	set, err := manager.ApplyAll(ctx, objects, options)
	if err != nil {
		return nil, err
	}
	changes := []Change{}
	for _, entry := range set.Entries {
		changes = append(changes, Change{Subject: entry.Subject, Action: entry.Action.String()})
	}
	return changes, nil
}

// optionsOf are those of kustomize-controller v1.9 (internal/controller/kustomization_controller.go) for a Kustomization with
// force: false.
func optionsOf(ignore string) (ssa.ApplyOptions, error) {
	options := ssa.DefaultApplyOptions()
	options.ExclusionSelector = map[string]string{group + "/reconcile": "disabled", group + "/ssa": "Ignore"}
	options.IfNotPresentSelector = map[string]string{group + "/ssa": "IfNotPresent"}
	options.ForceSelector = map[string]string{group + "/force": "Enabled"}
	options.Cleanup = ssa.ApplyCleanupOptions{
		Annotations: []string{
			corev1.LastAppliedConfigAnnotation,
			"kustomize.toolkit.fluxcd.io/checksum",
			"fluxcd.io/sync-checksum",
		},
		Labels: []string{"fluxcd.io/sync-gc-mark"},
		FieldManagers: []ssa.FieldManager{
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply},
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: "before-first-apply", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: controller, OperationType: metav1.ManagedFieldsOperationUpdate},
		},
		Exclusions: map[string]string{group + "/ssa": "Merge"},
	}
	var rules []struct {
		Paths  []string           `json:"paths"`
		Target *jsondiff.Selector `json:"target"`
	}
	if err := json.Unmarshal([]byte(ignore), &rules); err != nil {
		return options, fmt.Errorf("--ignore: %w", err)
	}
	for _, rule := range rules {
		options.DriftIgnoreRules = append(options.DriftIgnoreRules, jsondiff.IgnoreRule{Paths: rule.Paths, Selector: rule.Target})
	}
	return options, nil
}
