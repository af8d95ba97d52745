// Made from recsys/export/manifest.schema.json by build-schema.js; not to be edited.
export default {
 "type": "object",
 "additionalProperties": false,
 "required": [
  "schema",
  "name",
  "version",
  "sequence",
  "bundle",
  "created",
  "run",
  "model",
  "model_id",
  "data_fingerprint",
  "simulated",
  "dim",
  "dtype",
  "metric",
  "normalised",
  "quantisation",
  "counts",
  "sizes",
  "minimum_client",
  "history",
  "golden",
  "parity",
  "files",
  "deltas",
  "digest"
 ],
 "properties": {
  "schema": {
   "const": 2
  },
  "name": {
   "type": "string",
   "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$(?!\\n)"
  },
  "version": {
   "type": "string",
   "pattern": "^[1-9][0-9]{0,9}-[0-9a-f]{12}$(?!\\n)"
  },
  "sequence": {
   "type": "integer",
   "minimum": 1,
   "maximum": 2147483647
  },
  "bundle": {
   "type": "string",
   "pattern": "^[0-9a-f]{64}$(?!\\n)"
  },
  "created": {
   "type": "string",
   "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$(?!\\n)"
  },
  "run": {
   "type": "string",
   "minLength": 1
  },
  "model": {
   "const": "two_tower"
  },
  "model_id": {
   "type": "string",
   "pattern": "^[0-9a-f]{64}$(?!\\n)"
  },
  "data_fingerprint": {
   "type": "string"
  },
  "simulated": {
   "type": "boolean"
  },
  "dim": {
   "type": "integer",
   "minimum": 1
  },
  "dtype": {
   "enum": [
    "float32",
    "float16",
    "uint8"
   ]
  },
  "metric": {
   "const": "dot"
  },
  "normalised": {
   "type": "boolean"
  },
  "quantisation": {
   "type": [
    "object",
    "null"
   ],
   "additionalProperties": false,
   "required": [
    "scheme",
    "recall_at_20",
    "recall_loss_at_20",
    "recall_loss_limit",
    "n_histories"
   ],
   "properties": {
    "scheme": {
     "enum": [
      "float16",
      "uint8-per-row"
     ]
    },
    "recall_at_20": {
     "type": "number",
     "minimum": 0,
     "maximum": 1
    },
    "recall_loss_at_20": {
     "type": "number",
     "minimum": 0,
     "maximum": 1
    },
    "recall_loss_limit": {
     "type": "number",
     "minimum": 0,
     "maximum": 1
    },
    "n_histories": {
     "type": "integer",
     "minimum": 1
    }
   }
  },
  "counts": {
   "type": "object",
   "additionalProperties": false,
   "required": [
    "movies",
    "users"
   ],
   "properties": {
    "movies": {
     "type": "integer",
     "minimum": 1
    },
    "users": {
     "type": "integer",
     "minimum": 0
    }
   }
  },
  "sizes": {
   "type": "object",
   "additionalProperties": false,
   "required": [
    "phone",
    "all",
    "vectors",
    "vectors_float32"
   ],
   "properties": {
    "phone": {
     "type": "integer",
     "minimum": 0
    },
    "all": {
     "type": "integer",
     "minimum": 0
    },
    "vectors": {
     "type": "integer",
     "minimum": 1
    },
    "vectors_float32": {
     "type": "integer",
     "minimum": 1
    }
   }
  },
  "minimum_client": {
   "type": "string",
   "pattern": "^[0-9]{1,9}\\.[0-9]{1,9}\\.[0-9]{1,9}$(?!\\n)"
  },
  "history": {
   "const": "set"
  },
  "golden": {
   "type": "object",
   "additionalProperties": false,
   "required": [
    "file",
    "cases",
    "top",
    "relative_tolerance"
   ],
   "properties": {
    "file": {
     "const": "golden.json"
    },
    "cases": {
     "type": "integer",
     "minimum": 1
    },
    "top": {
     "type": "integer",
     "minimum": 1
    },
    "relative_tolerance": {
     "type": "number",
     "minimum": 0,
     "maximum": 0.001
    }
   }
  },
  "parity": {
   "type": "object",
   "additionalProperties": false,
   "required": [
    "n_histories",
    "max_relative_error",
    "same_top"
   ],
   "properties": {
    "n_histories": {
     "type": "integer",
     "minimum": 1
    },
    "max_relative_error": {
     "type": "number",
     "minimum": 0
    },
    "same_top": {
     "type": "number",
     "minimum": 0,
     "maximum": 1
    }
   }
  },
  "files": {
   "type": "object",
   "propertyNames": {
    "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\\.(json|bin|parquet|safetensors)$(?!\\n)"
   },
   "additionalProperties": {
    "type": "object",
    "additionalProperties": false,
    "required": [
     "bytes",
     "sha256",
     "phone"
    ],
    "properties": {
     "bytes": {
      "type": "integer",
      "minimum": 0,
      "maximum": 68719476736
     },
     "sha256": {
      "type": "string",
      "pattern": "^[0-9a-f]{64}$(?!\\n)"
     },
     "phone": {
      "type": "boolean"
     },
     "shape": {
      "type": "array",
      "items": {
       "type": "integer",
       "minimum": 0
      }
     },
     "dtype": {
      "enum": [
       "float32",
       "float16",
       "uint8"
      ]
     },
     "columns": {
      "type": "array",
      "items": {
       "type": "object",
       "additionalProperties": false,
       "required": [
        "name",
        "type",
        "description"
       ],
       "properties": {
        "name": {
         "type": "string",
         "minLength": 1
        },
        "type": {
         "type": "string",
         "minLength": 1
        },
        "description": {
         "type": "string"
        }
       }
      }
     }
    }
   }
  },
  "deltas": {
   "type": "array",
   "items": {
    "type": "object",
    "additionalProperties": false,
    "required": [
     "from",
     "folder",
     "bytes",
     "rebuilds",
     "rows"
    ],
    "properties": {
     "from": {
      "type": "string",
      "pattern": "^[1-9][0-9]{0,9}-[0-9a-f]{12}$(?!\\n)"
     },
     "folder": {
      "type": "string",
      "pattern": "^delta-from-[1-9][0-9]{0,9}-[0-9a-f]{12}$(?!\\n)"
     },
     "bytes": {
      "type": "integer",
      "minimum": 1
     },
     "rebuilds": {
      "type": "array",
      "items": {
       "type": "string"
      }
     },
     "rows": {
      "type": "object",
      "additionalProperties": false,
      "required": [
       "added",
       "removed",
       "changed"
      ],
      "properties": {
       "added": {
        "type": "integer",
        "minimum": 0
       },
       "removed": {
        "type": "integer",
        "minimum": 0
       },
       "changed": {
        "type": "integer",
        "minimum": 0
       }
      }
     }
    }
   }
  },
  "digest": {
   "type": "string",
   "pattern": "^[0-9a-f]{64}$(?!\\n)"
  }
 }
};
