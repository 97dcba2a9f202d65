# A catalogue of samples on Swift or Ceph: files and rows in one bucket, $URL.
# load CSV FOLDER | item EXPERIMENT ITEM | experiment EXPERIMENT     (jsobj's login or profile says where)
columns=item_id,experiment_id,date,file,comment,_url
case $1 in
load) jsobj catalog load "$2" "$URL" --files "$3" --delimiter '|' --key experiment_id --row item_id --path file --public ;;
item) jsobj catalog query "$URL" "experiment_id = '$2' AND item_id = '$3'" --select $columns --json ;;
experiment) jsobj catalog query "$URL" "experiment_id = '$2'" --select $columns --json ;;
esac
