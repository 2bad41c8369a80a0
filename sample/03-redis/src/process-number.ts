// Which of the processes this is: 1 or 2.
import cluster from 'node:cluster';

export const PROCESS = cluster.worker?.id ?? 0;
