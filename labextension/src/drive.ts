/** What ran, as a read-only drive: it lies in a hidden folder that the server does not list. */

import type { Contents, ServerConnection } from '@jupyterlab/services';
import { Drive } from '@jupyterlab/services';

import { ROOT } from './client';
import { joinLines } from './outputs';
import { trans } from './translation';
import type { Json } from './wire';

export const DRIVE = 'nbpipe';

/** Return the path of an executed notebook with its drive. */
export function onDrive(path: string): string {
  return path.startsWith(`${DRIVE}:`) ? path : `${DRIVE}:${path.replace(/^\/+/, '')}`;
}

/** Return true for a path on the drive of what ran. */
export function isOnDrive(path: string): boolean {
  return path.startsWith(`${DRIVE}:`);
}

/** The executed notebooks: they can be opened and copied elsewhere, and nothing else. */
export class RunsDrive extends Drive {
  constructor(serverSettings: ServerConnection.ISettings) {
    super({ name: DRIVE, apiEndpoint: `${ROOT}/contents`, serverSettings });
    this.forgiveUnknownProviders();
  }

  override async get(path: string, options?: Contents.IFetchOptions): Promise<Contents.IModel> {
    const model = await super.get(path, options);
    return model.type === 'notebook'
      ? { ...model, content: joinLines(model.content as Json) }
      : model;
  }

  override newUntitled(): Promise<Contents.IModel> {
    return refuse();
  }

  override delete(): Promise<void> {
    return refuse();
  }

  override rename(): Promise<Contents.IModel> {
    return refuse();
  }

  override save(): Promise<Contents.IModel> {
    return refuse();
  }

  override copy(): Promise<Contents.IModel> {
    return refuse();
  }

  override listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return Promise.resolve([]);
  }

  /**
   * Real-time collaboration names a content provider on the notebook factory that only the
   * default drive has; without this no notebook of this drive would open beside it.
   */
  private forgiveUnknownProviders(): void {
    const registry = this.contentProviderRegistry;
    const known = registry.getProvider.bind(registry);
    registry.getProvider = name => {
      try {
        return known(name);
      } catch {
        return null;
      }
    };
  }
}

function refuse<T>(): Promise<T> {
  return Promise.reject(new Error(trans.__('What ran is kept as it was: it cannot be changed.')));
}
