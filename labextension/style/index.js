import '@xyflow/react/dist/base.css';
import './base.css';
import './cells.css';
import './graph.css';
import './runs.css';
