import { expect } from 'chai';
import { OptimizationPolicy } from '../../lib/api/index.js';
import { rootSchema, type Schema } from '../../lib/kube/index.js';
import { installCrds } from '../documents/apiserver.js';
import { type Cluster, sharedCluster } from '../kit/index.js';

/** kubectl is a process of 100 ms. */
const AT_ONCE = 8;

interface Field {
  readonly path: string;
  readonly schema: Schema;
}

const fields = (['spec', 'status'] as const).flatMap((name) => {
  const schema = rootSchema(OptimizationPolicy).properties?.[name];
  return schema ? [{ path: name, schema }, ...below(name, schema)] : [];
});

function below(path: string, { properties, items }: Schema): Field[] {
  const children = Object.entries(properties ?? items?.properties ?? {});
  return children.flatMap(([name, schema]) => {
    const at = `${path}.${name}`;
    return [{ path: at, schema }, ...below(at, schema)];
  });
}

describe('kubectl explains policies', function () {
  this.timeout(60_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await sharedCluster('control-plane');
    await installCrds(cluster);
  });

  it('B-API-2 every field, at its own path, and says its default', async () => {
    const silent: string[] = [];
    const queue = [...fields];
    const explainNext = async () => {
      for (let field = queue.shift(); field; field = queue.shift()) {
        const { path, schema } = field;
        const { stdout } = await cluster.kubectl(['explain', `optimizationpolicy.${path}`]);
        const description = /DESCRIPTION:\n((?: +.*\n)*)/.exec(stdout)?.[1]?.replaceAll(/\s+/g, ' ').trim() ?? '';
        const told = description !== '' && !description.includes('<empty>');
        if (!told || !saysDefault(description, schema.default)) silent.push(`${path}: ${description}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, explainNext));
    expect(fields.length).to.be.above(60);
    expect(silent).to.deep.equal([]);
  });

  it('B-API-2 the whole tree, with --recursive', async () => {
    const { stdout } = await cluster.kubectl(['explain', '--recursive', 'optimizationpolicy']);
    expect(pathsIn(stdout)).to.include.members(fields.map(({ path }) => path));
  });
});

const POLICY = `apiVersion: optipod.io/v1alpha1
kind: OptimizationPolicy
metadata:
  name: web
spec:
  mode: Recommend
  selector:
    namespaces:
      allow: [web]
  metricsConfig:
    provider: prometheus
    rollingWindow: 7d
  resourceBounds:
    cpu: { min: 50m, max: 4 }
    memory: { min: 64Mi, max: 8Gi }
  updateStrategy: {}
`;

/** What a newcomer gets wrong, and all that kubectl prints. */
const mistakes = [
  {
    what: 'a value in lower case',
    change: ['mode: Recommend', 'mode: recommend'],
    says: 'spec.mode: Unsupported value: "recommend": supported values: "Auto", "Recommend", "Disabled"',
  },
  {
    what: 'a duration in words',
    change: ['7d', '7 days'],
    says: 'spec.metricsConfig.rollingWindow: Invalid value: "7 days": must be a duration from 5m to 90d, such as 30m, 12h or 7d',
  },
  {
    what: 'a unit that Kubernetes does not have',
    change: ['64Mi', '64MB'],
    says: 'spec.resourceBounds.memory.min: Invalid value: "64MB": must be a quantity greater than zero, such as 500m, 2 or 1Gi',
  },
  {
    what: 'a selector that says nothing',
    change: ['allow: [web]', 'allow: []'],
    says: 'spec.selector: Invalid value: at least one of namespaceSelector, workloadSelector, namespaces and workloadTypes must be given and not be empty',
  },
  {
    what: 'bounds the wrong way round',
    change: ['min: 50m', 'min: 5'],
    says: 'spec.resourceBounds.cpu.min: Invalid value: min must be less than or equal to max',
  },
  {
    what: 'a field that is spelled wrong',
    change: ['rollingWindow', 'rolingWindow'],
    says: 'strict decoding error: unknown field "spec.metricsConfig.rolingWindow"',
  },
] as const;

describe('kubectl apply of a wrong policy', function () {
  this.timeout(60_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await sharedCluster('control-plane');
    await installCrds(cluster);
  });

  it('B-API-3 takes the right one', async () => {
    await cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: POLICY });
  });

  for (const {
    what,
    change: [right, wrong],
    says,
  } of mistakes) {
    it(`B-API-3 says what is wrong with ${what}, where, and what would be right`, async () => {
      const input = POLICY.replace(right, wrong);
      const options = { input, allowFailure: true };
      const { code, stderr } = await cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], options);
      expect(code).to.equal(1);
      expect(stderr).to.contain(says);
      // Nobody should have to read a regular expression.
      expect(stderr).not.to.match(/\[0-9\]|should match/);
    });
  }
});

function saysDefault(description: string, standard: unknown): boolean {
  if (standard === undefined) return true;
  const said = /Default: (.+)\.$/.exec(description)?.[1] ?? '';
  if (typeof standard === 'number') return Number(said) === standard;
  return said === (typeof standard === 'string' ? standard : JSON.stringify(standard));
}

/** The paths of a tree that is drawn by indentation. */
function pathsIn(tree: string): string[] {
  const parents: string[] = [];
  return [...tree.matchAll(/^( {2,})(\w+)\t</gm)].map(([, indent = '', name = '']) => {
    parents.length = indent.length / 2 - 1;
    parents.push(name);
    return parents.join('.');
  });
}
